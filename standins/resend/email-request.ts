import * as z from "zod";

import { ResendProblem } from "./problems.ts";

const MAX_RECIPIENTS = 50;

const vAddress = z.string().regex(/^(?:[^<>@]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/);

const vAddresses = z
  .union([vAddress, z.array(vAddress).min(1).max(MAX_RECIPIENTS)])
  .transform((value) => (typeof value === "string" ? [value] : value));

const vTagText = z.string().regex(/^[A-Za-z0-9_-]{1,256}$/);

const vAttachment = z.strictObject({
  content: z
    .union([
      z.string(),
      z
        .strictObject({
          type: z.literal("Buffer"),
          data: z.array(z.number().int().min(0).max(255)),
        })
        .transform(({ data }) => Buffer.from(data).toString("base64")),
    ])
    .optional(),
  filename: z.string().optional(),
  path: z.url().optional(),
  content_type: z.string().optional(),
  content_id: z.string().max(128).optional(),
});

const vEmailRequest = z.strictObject({
  from: vAddress,
  to: vAddresses,
  subject: z.string().min(1),
  bcc: vAddresses.optional(),
  cc: vAddresses.optional(),
  reply_to: vAddresses.optional(),
  html: z.string().optional(),
  text: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  scheduled_at: z.iso.datetime({ offset: true }).optional(),
  topic_id: z.string().nullish(),
  tags: z.array(z.strictObject({ name: vTagText, value: vTagText })).optional(),
  attachments: z.array(vAttachment).optional(),
});

/** A mail as `POST /emails` takes it (resend.com/docs/api-reference/emails/send-email). */
export type EmailRequest = z.infer<typeof vEmailRequest>;

const REQUIRED = ["from", "to", "subject"] as const;
/** Not taken in a batch (resend.com/docs/api-reference/emails/send-batch-emails). */
const NOT_IN_BATCH = ["attachments", "scheduled_at"] as const;

/** @throws ResendProblem that names the first field at fault */
export function parseEmail(body: unknown, place: "single" | "batch" = "single"): EmailRequest {
  const fields = z.record(z.string(), z.unknown()).safeParse(body);
  if (!fields.success) throw new ResendProblem("validation_error", "The body must be an object.");
  const missing = REQUIRED.find((name) => fields.data[name] === undefined);
  if (missing !== undefined) {
    throw new ResendProblem("missing_required_field", `Missing \`${missing}\` field.`);
  }
  const unbatchable = NOT_IN_BATCH.find((name) => fields.data[name] !== undefined);
  if (place === "batch" && unbatchable !== undefined) {
    throw new ResendProblem(
      "validation_error",
      `The \`${unbatchable}\` field is not supported in a batch.`,
    );
  }
  const parsed = vEmailRequest.safeParse(body);
  if (!parsed.success) throw problemOf(parsed.error);
  const email = parsed.data;
  if (email.html === undefined && email.text === undefined) {
    throw new ResendProblem("missing_required_field", "Missing `html` or `text` field.");
  }
  for (const attachment of email.attachments ?? []) {
    if (attachment.content === undefined && attachment.path === undefined) {
      throw new ResendProblem(
        "invalid_attachment",
        "Attachment must have either a `content` or `path`.",
      );
    }
  }
  return email;
}

function problemOf(error: z.ZodError): ResendProblem {
  const [issue] = error.issues;
  const field = String(issue?.path[0] ?? "");
  if (issue?.code === "unrecognized_keys") {
    const name = [...issue.path, issue.keys[0]].join(".");
    return new ResendProblem("validation_error", `The \`${name}\` field is not supported.`);
  }
  if (field === "from") {
    return new ResendProblem("invalid_from_address", `Invalid \`from\` field. ${ADDRESS_FORMAT}`);
  }
  if (["to", "cc", "bcc", "reply_to"].includes(field)) {
    return new ResendProblem("validation_error", `Invalid \`${field}\` field. ${ADDRESS_FORMAT}`);
  }
  return new ResendProblem("validation_error", `Invalid \`${issue?.path.join(".") ?? ""}\` field.`);
}

const ADDRESS_FORMAT =
  "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
