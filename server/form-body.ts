import express, { type RequestHandler } from "express";

const MAX_FORM_BYTES = 1024 * 1024;
const FORM_TYPES = /^(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i;

/**
 * Reads what a form sent, so that no page has to reckon with less than a form: other kinds of content
 * are a 415, what cannot be parsed a 400, and more than a form may hold a 413.
 */
export function readForms(): RequestHandler[] {
  return [express.raw({ type: () => true, limit: MAX_FORM_BYTES }), requireForm];
}

const requireForm: RequestHandler = (request, response, next) => {
  if (["GET", "HEAD", "OPTIONS"].includes(request.method)) {
    next();
    return;
  }
  const contentType = request.headers["content-type"] ?? "";
  const refuse = (status: number) => {
    response.status(status).type("text/plain").send("This is not a form of the shop.\n");
  };
  if (!FORM_TYPES.test(contentType)) {
    refuse(415);
    return;
  }
  const body: unknown = request.body;
  const bytes = Buffer.isBuffer(body) ? new Uint8Array(body) : new Uint8Array();
  new Response(bytes, { headers: { "content-type": contentType } }).formData().then(
    () => {
      next();
    },
    () => {
      refuse(400);
    },
  );
};
