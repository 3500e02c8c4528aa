import { cronJobs } from "convex/server";

import { internal } from "./_generated/api";

const crons = cronJobs();

crons.interval("retire new arrivals", { hours: 1 }, internal.jobs.catalogue.retireNewArrivals, {});
crons.interval("sweep expired sessions", { hours: 6 }, internal.jobs.sweep.sessions, {});
crons.interval("sweep abandoned carts", { hours: 6 }, internal.jobs.sweep.carts, {});
crons.interval("sweep former guests", { hours: 24 }, internal.jobs.sweep.guests, { cursor: null });
crons.interval("forget rate limits", { hours: 24 }, internal.jobs.sweep.rateLimits, {});
crons.interval("release lapsed holds", { minutes: 5 }, internal.jobs.holds.sweep, {});
crons.interval("cancel unpaid orders", { minutes: 15 }, internal.jobs.holds.cancelUnpaid, {});
crons.interval("check payments", { minutes: 1 }, internal.jobs.paymentSteps.checkOverdue, {});
crons.interval("check webhooks", { minutes: 5 }, internal.jobs.webhooks.sweep, {});
crons.interval("check mails", { minutes: 5 }, internal.jobs.outbox.sweep, {});

export default crons;
