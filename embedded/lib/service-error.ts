/**
 * What went wrong with a request as a whole, apart from errors that a function throws. The doors
 * (HTTP, WebSocket) turn it into a status code, a close code or a protocol message.
 */
export type ServiceErrorKind =
  | "badRequest"
  | "unauthenticated"
  | "forbidden"
  | "notFound"
  | "methodNotAllowed"
  | "conflict"
  | "payloadTooLarge"
  | "rateLimited"
  | "timedOut"
  | "overloaded"
  | "internal";

/** A failed request with a stable short `code` such as `InvalidAuthHeader` and a sentence for people. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly kind: ServiceErrorKind;
  readonly code: string;

  constructor(kind: ServiceErrorKind, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

/** The error as doors may show it: anything unforeseen becomes a plain internal error. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (isNamed(error, "OccConflictError")) {
    const code = "OptimisticConcurrencyControlFailure";
    return new ServiceError("overloaded", code, error.message, { cause: error });
  }
  if (isNamed(error, "DiskFullError")) {
    return new ServiceError("overloaded", "DiskFull", error.message, { cause: error });
  }
  return new ServiceError(
    "internal",
    "InternalServerError",
    "Your request couldn't be completed. Try again later.",
    { cause: error },
  );
}

function isNamed(error: unknown, name: string): error is Error {
  return error instanceof Error && error.name === name;
}
