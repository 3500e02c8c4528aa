import { redirect } from "@remix-run/node";

/** What waits to be packed is what a day here begins with. */
export function loader() {
  return redirect("/admin/orders");
}
