/** A deployment with the functions of `tests/fixtures/oracle`, asked over HTTP as any client would. */
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { fixtureSources, startTestBackend, type TestBackend } from "#embedded/test-backend.ts";

export interface OracleDeployment {
  readonly backend: TestBackend;
  query(path: string, args?: Args, options?: AskOptions): Promise<Answer>;
  mutation(path: string, args?: Args): Promise<Answer>;
  action(path: string, args?: Args): Promise<Answer>;
  /** The value in Convex types, or an Error with the function's. */
  value(path: string, args?: Args): Promise<Value>;
  change(path: string, args?: Args): Promise<Value>;
  /** A token for a subject. */
  sign(subject: string): Promise<string>;
  dispose(): Promise<void>;
}

export type Args = Readonly<Record<string, Value>>;

interface AskOptions {
  readonly token?: string | null;
  /** Encoded, as the protocol has it: the result as of then. */
  readonly ts?: string;
}

/** What a function answered: JSON text of its value, or the text of its failure without the request's id. */
export interface Answer {
  readonly isOk: boolean;
  readonly text: string;
  readonly errorData?: Value;
}

export async function startOracleDeployment(): Promise<OracleDeployment> {
  const backend = await startTestBackend();
  const { sign, jwks } = await createSigner();
  await backend.setVariables({ TEST_JWKS: jwks });
  await backend.deploy(fixtureSources("oracle"));

  async function ask(address: string, path: string, args: Args, { token, ts }: AskOptions = {}) {
    const body = { path, args: convexToJson(args), format: "convex_encoded_json", ts };
    const headers: Record<string, string> =
      token === undefined || token === null ? {} : { Authorization: `Bearer ${token}` };
    const reply = await backend.post(address, body, headers);
    if (reply.status !== 200) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
    return answerOf(reply.body as FunctionReply);
  }

  const query: OracleDeployment["query"] = (path, args = {}, options = {}) =>
    ask(options.ts === undefined ? "/api/query" : "/api/query_at_ts", path, args, options);
  const mutation: OracleDeployment["mutation"] = (path, args = {}) =>
    ask("/api/mutation", path, args);
  return {
    backend,
    query,
    mutation,
    action: (path, args = {}) => ask("/api/action", path, args),
    value: async (path, args) => valueOf(await query(path, args)),
    change: async (path, args) => valueOf(await mutation(path, args)),
    sign,
    dispose: () => backend.dispose(),
  };
}

interface FunctionReply {
  readonly status: "success" | "error";
  readonly value?: JSONValue;
  readonly errorMessage?: string;
  readonly errorData?: JSONValue;
}

function answerOf({ status, value, errorMessage, errorData }: FunctionReply): Answer {
  return {
    isOk: status === "success",
    text: status === "success" ? JSON.stringify(value) : withoutRequestId(errorMessage ?? ""),
    ...(errorData === undefined ? {} : { errorData: jsonToConvex(errorData) }),
  };
}

export function withoutRequestId(errorMessage: string): string {
  return errorMessage.replace(/\[Request ID: [0-9a-f]+\]/, "");
}

export function valueOf({ isOk, text }: Answer): Value {
  if (!isOk) throw new Error(text);
  return jsonToConvex(JSON.parse(text) as JSONValue);
}

/** Signs what the fixture's `auth.config.ts` trusts. */
async function createSigner() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: "test", alg: "RS256", use: "sig" };
  const text = Buffer.from(JSON.stringify({ keys: [key] })).toString("base64");
  return {
    jwks: `data:text/plain;charset=utf-8;base64,${text}`,
    sign: (subject: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: "RS256", kid: "test", typ: "JWT" })
        .setSubject(subject)
        .setIssuer("https://issuer.example")
        .setAudience("oracle")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}
