import type { ComponentMount } from "../modules/component-tree.ts";
import type { DeploymentInfo } from "./services.ts";

const NAMES = ["CONVEX_CLOUD_URL", "CONVEX_SITE_URL"] as const;

/** What the deployment itself puts into `process.env` of the code at a mount. */
export function systemVariable(
  deployment: DeploymentInfo,
  mount: ComponentMount,
  name: string,
): string | undefined {
  if (name === "CONVEX_CLOUD_URL") return deployment.cloudUrl;
  if (name === "CONVEX_SITE_URL") return siteUrlOf(deployment, mount);
  return undefined;
}

export function systemVariables(
  deployment: DeploymentInfo,
  mount: ComponentMount,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    NAMES.map((name) => [name, systemVariable(deployment, mount, name) ?? ""]),
  );
}

/** A component that serves HTTP finds its own routes below this address; the app knows its prefix. */
function siteUrlOf(
  { siteUrl }: DeploymentInfo,
  { componentPath, httpPrefix }: ComponentMount,
): string {
  return componentPath === "" || httpPrefix === null ? siteUrl : siteUrl + httpPrefix.slice(0, -1);
}
