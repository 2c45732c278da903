import type { About, In, Operation, Out } from "./types";

/** An error that the service answered, with AWS's code and message. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly operation: string,
    readonly requestId?: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** No answer came: the server is away or the network is. */
export class ConnectionError extends Error {
  constructor() {
    super("The server can't be reached.");
    this.name = "ConnectionError";
  }
}

const signedOut = new Set([
  "MissingAuthenticationTokenException",
  "ExpiredTokenException",
]);

type Listener = () => void;
const sessionListeners = new Set<Listener>();

/** Calls back when the server asks for a session that the page does not have. */
export function onSignedOut(f: Listener): () => void {
  sessionListeners.add(f);
  return () => sessionListeners.delete(f);
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Set once the user has confirmed a change; a real account refuses it otherwise. */
  confirmed?: boolean;
}

/** Calls an operation. It fails with an ApiError or a ConnectionError. */
export async function call<Op extends Operation>(op: Op, input: In<Op>, options: CallOptions = {}): Promise<Out<Op>> {
  const headers: Record<string, string> = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": `AWSGlue.${op}`,
  };
  if (options.confirmed) headers["X-Reglue-Confirm"] = "1";
  const answer = await reach("/", { method: "POST", headers, body: JSON.stringify(input), signal: options.signal });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text || "{}") as Out<Op>;
  throw failure(op, answer, text);
}

/** Reads all pages of a list. */
export async function callAll<Op extends Operation, Item>(
  op: Op,
  input: In<Op>,
  items: (out: Out<Op>) => Item[] | undefined,
  options: CallOptions = {},
): Promise<Item[]> {
  const all: Item[] = [];
  let token: string | undefined;
  do {
    const out: Out<Op> = await call(op, { ...input, ...(token ? { NextToken: token } : {}) }, options);
    all.push(...(items(out) ?? []));
    token = (out as { NextToken?: string }).NextToken;
  } while (token);
  return all;
}

/** What this server is. An older one without a console's side answers as a plain server. */
export async function about(signal?: AbortSignal): Promise<About> {
  const answer = await reach("/console/about", { signal, headers: { Accept: "application/json" } });
  if (answer.ok && answer.headers.get("Content-Type")?.includes("json")) return (await answer.json()) as About;
  if (answer.status >= 500) throw new ConnectionError();
  return { Kind: "server", Auth: "none", SignedIn: true, Events: false };
}

/** fetch whose failure is a ConnectionError. */
export async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ConnectionError();
  }
}

/** The error of an answer that is not OK. */
export function failure(op: string, answer: Response, text: string): Error {
  let body: { __type?: string; Message?: string; message?: string } = {};
  try {
    body = JSON.parse(text);
  } catch {
    if (answer.status === 502 || answer.status === 504) return new ConnectionError();
  }
  const code = (answer.headers.get("x-amzn-errortype") ?? body.__type ?? `HTTP ${answer.status}`).split(":")[0]!;
  const name = code.slice(code.lastIndexOf("#") + 1);
  if (signedOut.has(name)) sessionListeners.forEach((f) => f());
  const message = body.Message ?? body.message ?? (text.slice(0, 500) || answer.statusText);
  return new ApiError(name, message, answer.status, op, answer.headers.get("x-amzn-requestid") ?? undefined);
}
