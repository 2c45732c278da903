import { Panel, useReactFlow, useStore } from "@xyflow/react";
import { memo, useEffect, useMemo, useRef, type PointerEvent } from "react";
import { look } from "../state";
import { useTheme } from "../theme";
import { sizes, type Layout } from "./layout";
import type { GraphModel } from "./types";

const width = 180;
const most = 120;

/** The whole graph in a corner, with what is in view; drawn on a canvas, so that it costs little. */
export const MiniMap = memo(function MiniMap({ model, laid }: { model: GraphModel; laid: Layout }) {
  const scale = Math.min(width / laid.width, most / laid.height);
  const fits = useStore((s) => laid.width * s.transform[2] <= s.width && laid.height * s.transform[2] <= s.height);
  const flow = useReactFlow();
  const go = (e: PointerEvent<HTMLElement>) => {
    if (e.buttons !== 1) return;
    const box = e.currentTarget.getBoundingClientRect();
    void flow.setCenter((e.clientX - box.left) / scale, (e.clientY - box.top) / scale, { zoom: flow.getZoom() });
  };
  if (fits) return null;
  return (
    <Panel position="bottom-right" className="minimap">
      <div aria-hidden="true" style={{ width: laid.width * scale, height: laid.height * scale }} onPointerDown={go} onPointerMove={go}>
        <Dots model={model} laid={laid} scale={scale} />
        <Frame scale={scale} />
      </div>
    </Panel>
  );
});

function Dots({ model, laid, scale }: { model: GraphModel; laid: Layout; scale: number }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const [theme] = useTheme();
  const ratio = useMemo(() => Math.min(2, window.devicePixelRatio || 1), []);
  useEffect(() => {
    const canvas = ref.current;
    const c = canvas?.getContext("2d");
    if (!canvas || !c) return;
    const style = getComputedStyle(canvas);
    const colour = new Map<string, string>();
    for (const tone of ["good", "bad", "live", "wait", "stop", "none"]) colour.set(tone, style.getPropertyValue(`--${tone}`));
    c.setTransform(ratio * scale, 0, 0, ratio * scale, 0, 0);
    c.clearRect(0, 0, laid.width, laid.height);
    const loud = (state?: string) => look(state).tone === "bad" || look(state).tone === "live";
    for (const late of [false, true]) {
      for (const n of model.nodes) {
        const at = laid.places.get(n.id);
        if (!at || n.type === "TRIGGER" || loud(n.state) !== late) continue;
        const size = sizes[n.type];
        const least = late ? 4 / scale : 1.5 / scale; // what is wrong is seen, however small
        c.globalAlpha = late ? 1 : 0.55;
        c.fillStyle = colour.get(look(n.state).tone) ?? "";
        c.fillRect(at.x, at.y, Math.max(size.width, least), Math.max(size.height, least));
      }
    }
  }, [model, laid, scale, ratio, theme]);
  return <canvas ref={ref} width={Math.ceil(laid.width * scale * ratio)} height={Math.ceil(laid.height * scale * ratio)} />;
}

function Frame({ scale }: { scale: number }) {
  const [x, y, zoom] = useStore((s) => s.transform);
  const w = useStore((s) => s.width);
  const h = useStore((s) => s.height);
  return (
    <span
      className="minimap-frame"
      style={{ transform: `translate(${(-x / zoom) * scale}px, ${(-y / zoom) * scale}px)`, width: (w / zoom) * scale, height: (h / zoom) * scale }}
    />
  );
}
