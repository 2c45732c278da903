import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { failure, reach } from "./client";

const path = "/console/session";

/**
 * Exchanges a signed request for a session, which the browser keeps as a cookie that
 * no script can read. The secret signs here and goes nowhere. The hashing is plain
 * script: crypto.subtle is missing on http hosts other than localhost.
 */
export async function signIn(accessKeyId: string, secretAccessKey: string, region: string): Promise<void> {
  const signer = new SignatureV4({ credentials: { accessKeyId, secretAccessKey }, region, service: "glue", sha256: Sha256 });
  const body = "{}";
  const signed = await signer.sign({
    method: "POST",
    protocol: location.protocol,
    hostname: location.hostname,
    path,
    query: {},
    headers: { host: location.host, "content-type": "application/json" },
    body,
  });
  const { host: _, ...headers } = signed.headers; // the browser sends it itself
  const answer = await reach(path, { method: "POST", headers, body });
  if (!answer.ok) throw failure("Sign in", answer, await answer.text());
}
