import { pino } from "pino";

/** One JSON line per event on standard output; tokens and cookies never reach it. */
export const log = pino({
  name: "web",
  level: process.env["LOG_LEVEL"] ?? "info",
  redact: ["req.headers.cookie", "req.headers.authorization"],
});
