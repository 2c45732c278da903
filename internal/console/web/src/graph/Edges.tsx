import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import { arrowHead, curve, type Layout, type Line } from "./layout";
import type { Verdicts } from "./types";

/**
 * All edges as a handful of paths: a thousand edges cost the page no more elements
 * than one.
 */
export const Edges = memo(function Edges({ laid, selected, verdicts }: { laid: Layout; selected?: string; verdicts?: Verdicts }) {
  const all = useMemo(() => drawn(laid.lines), [laid]);
  const hot = useMemo(() => drawn(laid.lines.filter((l) => isHot(l, selected, verdicts))), [laid, selected, verdicts]);
  return (
    <ViewportPortal>
      <svg className="gedges" width={laid.width} height={laid.height} aria-hidden="true">
        <path className="gedge" d={all.line} />
        <path className="ghead" d={all.head} />
        <path className="gedge hot" d={hot.line} />
        <path className="ghead hot" d={hot.head} />
      </svg>
      {laid.lines.map(
        (l, i) =>
          l.label && (
            <span key={i} className="glabel" style={{ transform: `translate(${l.label.x}px, ${l.label.y}px)` }}>
              {l.label.text}
            </span>
          ),
      )}
    </ViewportPortal>
  );
});

function drawn(lines: Line[]): { line: string; head: string } {
  return { line: lines.map((l) => curve(l.points)).join(""), head: lines.map((l) => arrowHead(l.points)).join("") };
}

/** Edges of what a resume runs; without one, those of the selected node. */
function isHot(l: Line, selected?: string, verdicts?: Verdicts): boolean {
  if (!verdicts) return l.from === selected || l.to === selected;
  const runs = (id: string) => ["start", "downstream", "accept", "moved"].includes(verdicts.get(id) ?? "");
  return runs(l.from) && runs(l.to);
}
