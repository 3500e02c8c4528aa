import { cronJobs } from "convex/server";

import { internal } from "./_generated/api";

const crons = cronJobs();

crons.interval("retire new arrivals", { hours: 1 }, internal.jobs.catalogue.retireNewArrivals, {});
crons.interval("sweep expired sessions", { hours: 6 }, internal.jobs.sweep.sessions, {});
crons.interval("sweep abandoned carts", { hours: 6 }, internal.jobs.sweep.carts, {});
crons.interval("sweep former guests", { hours: 24 }, internal.jobs.sweep.guests, { cursor: null });
crons.interval("sweep rate limits", { hours: 6 }, internal.jobs.sweep.rateLimits, {});

export default crons;
