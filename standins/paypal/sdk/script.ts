import { installPayPalSdk, type SdkConfig } from "./install.ts";

/**
 * The script that takes the place of PayPal's `web-sdk/v6/core`: the source of `installPayPalSdk` with
 * its settings. A compiler that keeps names calls `__name`, which a browser does not have.
 */
export function sdkScript(config: SdkConfig): string {
  return [
    "(() => {",
    "const __name = (target) => target;",
    `(${installPayPalSdk.toString()})(${JSON.stringify(config)});`,
    "})();\n",
  ].join("\n");
}
