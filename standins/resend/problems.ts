import { json, type HttpReply } from "../http.ts";

/** Names of errors and their status (resend.com/docs/api-reference/errors). */
const STATUS = {
  invalid_idempotency_key: 400,
  missing_api_key: 401,
  invalid_api_key: 403,
  not_found: 404,
  method_not_allowed: 405,
  invalid_idempotent_request: 409,
  concurrent_idempotent_requests: 409,
  invalid_attachment: 422,
  invalid_from_address: 422,
  invalid_parameter: 422,
  missing_required_field: 422,
  validation_error: 422,
  rate_limit_exceeded: 429,
  internal_server_error: 500,
} as const;

export type ResendErrorName = keyof typeof STATUS;

/** An answer of the API that is not a success. */
export class ResendProblem extends Error {
  override readonly name = "ResendProblem";
  readonly code: ResendErrorName;

  constructor(code: ResendErrorName, message: string) {
    super(message);
    this.code = code;
  }

  toReply(): HttpReply {
    const statusCode = STATUS[this.code];
    return json(statusCode, { statusCode, name: this.code, message: this.message });
  }
}
