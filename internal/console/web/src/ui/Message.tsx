import type { ReactNode } from "react";
import { ApiError, ConnectionError } from "../api/client";

/** Said while something loads; invisible for the first moment, so that fast answers don't flicker. */
export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <p className="loading" role="status">
      {what}…
    </p>
  );
}

export function Problem({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="problem" role="alert">
      <strong>{title}</strong>
      {children && <div>{children}</div>}
    </div>
  );
}

/** An error with AWS's code and message. */
export function ErrorBox({ error, doing }: { error: unknown; doing?: string }) {
  if (error instanceof ApiError) {
    return (
      <Problem title={doing ? `${doing}: ${error.code}` : error.code}>
        <p className="error-text">{error.message}</p>
        <p className="quiet">
          {error.operation}
          {error.requestId && ` · request ${error.requestId}`}
        </p>
      </Problem>
    );
  }
  if (error instanceof ConnectionError) {
    return <Problem title={error.message}>The page goes on trying and will be up to date again once the server is back.</Problem>;
  }
  return <Problem title={doing ?? "Something went wrong in this page"}>{error instanceof Error ? error.message : String(error)}</Problem>;
}

/** An error instead of a whole page. */
export function PageError({ error, title }: { error: unknown; title: string }) {
  return (
    <>
      <h1 className="failed-page">{title}</h1>
      <ErrorBox error={error} />
    </>
  );
}

/** What to do when there is nothing to show. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
