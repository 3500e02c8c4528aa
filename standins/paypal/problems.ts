/** One entry of `details` in PayPal's error body. */
export interface ProblemDetail {
  readonly issue: string;
  readonly field?: string;
  readonly value?: string;
  readonly location?: "body" | "path" | "query" | "header";
  readonly description?: string;
}

/** Names and messages of PayPal's errors, as its OpenAPI documents fix them. */
const PROBLEMS = {
  400: {
    name: "INVALID_REQUEST",
    message: "Request is not well-formed, syntactically incorrect, or violates schema.",
  },
  401: {
    name: "AUTHENTICATION_FAILURE",
    message:
      "Authentication failed due to missing authorization header, or invalid authentication credentials.",
  },
  403: {
    name: "NOT_AUTHORIZED",
    message: "Authorization failed due to insufficient permissions.",
  },
  404: { name: "RESOURCE_NOT_FOUND", message: "The specified resource does not exist." },
  409: {
    name: "RESOURCE_CONFLICT",
    message: "The server has detected a conflict while processing this request.",
  },
  415: {
    name: "UNSUPPORTED_MEDIA_TYPE",
    message: "The server does not support the request payload's media type.",
  },
  422: {
    name: "UNPROCESSABLE_ENTITY",
    message:
      "The requested action could not be performed, semantically incorrect, or failed business validation.",
  },
  500: { name: "INTERNAL_SERVER_ERROR", message: "An internal server error occurred." },
  503: { name: "SERVICE_UNAVAILABLE", message: "Service Unavailable." },
} as const;

export type ProblemStatus = keyof typeof PROBLEMS;

/** An answer of the API that is not a success. */
export class PayPalProblem extends Error {
  override readonly name = "PayPalProblem";
  readonly status: ProblemStatus;
  readonly details: readonly ProblemDetail[];
  /** The attempt itself was made and failed, so the same request id answers the same again. */
  readonly isOutcome: boolean;

  constructor(
    status: ProblemStatus,
    details: readonly ProblemDetail[] = [],
    options: { readonly isOutcome?: boolean } = {},
  ) {
    super(`${PROBLEMS[status].name} ${details.map((detail) => detail.issue).join(", ")}`);
    this.status = status;
    this.details = details;
    this.isOutcome = options.isOutcome ?? false;
  }

  /**
   * PayPal's body. The OpenAPI documents call the list `issues`; the API sends it as `details` beside
   * `links` (developer.paypal.com/api/rest/responses), which is what clients read.
   */
  toBody(debugId: string): Record<string, unknown> {
    const { name, message } = PROBLEMS[this.status];
    return {
      name,
      ...(this.details.length > 0 && { details: this.details }),
      message,
      debug_id: debugId,
      links: [
        {
          href: `https://developer.paypal.com/docs/api/orders/v2/#error-${this.details[0]?.issue ?? name}`,
          rel: "information_link",
          method: "GET",
        },
      ],
    };
  }
}

export function unprocessable(
  issue: string,
  detail: Omit<ProblemDetail, "issue"> = {},
): PayPalProblem {
  return new PayPalProblem(422, [{ ...detail, issue }]);
}
