import { look, runLook, type Look } from "../state";
import type { RunStatus, Statistics } from "../api/types";

/** The glyph of a state, for use inside an SVG or beside text. */
export function Glyph({ look, size = 12 }: { look: Look; size?: number }) {
  return (
    <svg className="glyph" viewBox="0 0 12 12" width={size} height={size} aria-hidden="true">
      <path d={look.glyph} fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

function LookBadge({ look, carried }: { look: Look; carried?: boolean }) {
  return (
    <span className={`badge tone-${look.tone}${carried ? " carried" : ""}`}>
      <Glyph look={look} />
      {look.label}
    </span>
  );
}

/** A state as a sign and a word. */
export function StateBadge({ state, carried }: { state: string | undefined; carried?: boolean }) {
  return <LookBadge look={look(state)} carried={carried} />;
}

/** What a run really came to, as a sign and words. */
export function RunBadge({ run }: { run: { Status: RunStatus; Statistics?: Statistics; ErrorMessage?: string } }) {
  return <LookBadge look={runLook(run)} />;
}

interface SquareProps {
  look: Look;
  carried?: boolean;
  /** A run that a later one resumed: it needs nobody any more. */
  past?: boolean;
  label?: string;
  title?: string;
}

/** A state as a small square; its meaning must be said beside it or by `label`. */
export function StateSquare({ look, carried, past, label, title }: SquareProps) {
  return (
    <span
      className={`square tone-${look.tone}${carried ? " carried" : past ? " past" : ""}`}
      title={title}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      <Glyph look={look} />
    </span>
  );
}
