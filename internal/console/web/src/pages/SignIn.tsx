import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { signIn } from "../api/session";
import type { About } from "../api/types";
import { ErrorBox } from "../ui/Message";
import { useTitle } from "../ui/useTitle";

/** Asks for an access key once; what follows goes with a session. */
export default function SignIn({ about }: { about: About }) {
  useTitle("Sign in");
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const submit = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const fields = new FormData(e.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    setBusy(true);
    setError(undefined);
    try {
      await signIn(text("key"), text("secret"), about.Region || "us-east-1");
      await client.invalidateQueries();
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };
  return (
    <div className="sign-in">
      <h1>Sign in</h1>
      <p className="quiet">This server asks for a key, the same that AWS clients sign with. The secret stays in this page: it signs one request, and the browser goes on with a session.</p>
      <form onSubmit={submit}>
        <label>
          Access key id
          <input name="key" type="text" autoComplete="username" spellCheck={false} required autoFocus />
        </label>
        <label>
          Secret access key
          <input name="secret" type="password" autoComplete="current-password" required />
        </label>
        {error !== undefined && <ErrorBox error={error} doing="Not signed in" />}
        <button type="submit" className="primary" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </div>
  );
}
