import { httpRouter } from "convex/server";

import { httpAction } from "./_generated/server";
import { auth } from "./auth.ts";
import { receivePayPal } from "./jobs/webhooks.ts";

const http = httpRouter();

auth.addHttpRoutes(http);

http.route({ path: "/webhooks/paypal", method: "POST", handler: httpAction(receivePayPal) });

export default http;
