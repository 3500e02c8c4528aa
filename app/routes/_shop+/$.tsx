import { SectionError } from "#app/features/errors/page-error.tsx";
import { notFound } from "#app/server/preload.server.ts";

export function loader() {
  throw notFound();
}

export function action() {
  throw notFound();
}

export default function UnknownRoute() {
  return null;
}

export function ErrorBoundary() {
  return <SectionError />;
}
