import "./run.css";
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { ApiError, failure, reach } from "../api/client";
import { plural } from "../format";
import { Command } from "../ui/Copy";
import { ErrorBox } from "../ui/Message";
import { find, LogBuffer, marks, nextMatch, ofStream, windowOf, type LogLine, type StreamFilter } from "./logbuffer";

type Ending = "live" | "over" | "lost" | "elsewhere" | "refused";

interface Log {
  buffer: LogBuffer;
  /** Counts what came, since the buffer's list is one that grows. */
  version: number;
  ending: Ending;
  elsewhere?: { Text: string; Command?: string };
  error?: ApiError;
}

/** The least time between two times that new lines are shown, in ms. */
const pause = 100;

/** The log of a job run as it is written. */
function useLog(jobRunId: string, job: string): Log {
  const [log, setLog] = useState<Log>(() => ({ buffer: new LogBuffer(), version: 0, ending: "live" }));
  useEffect(() => {
    const url = `/console/logs/${encodeURIComponent(jobRunId)}?stream=both&job=${encodeURIComponent(job)}`;
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const open = () => {
      if (source || ended || document.hidden) return;
      const buffer = new LogBuffer();
      const show = (ending: Ending, more: Partial<Log> = {}) => {
        clearTimeout(timer);
        timer = undefined;
        setLog({ buffer, version: buffer.version, ending, ...more });
      };
      const end = (ending: Ending, more?: Partial<Log>) => {
        ended = true;
        source?.close();
        show(ending, more);
      };
      show("live");
      source = new EventSource(url);
      source.addEventListener("lines", (e) => {
        buffer.add(JSON.parse(e.data) as LogLine[]);
        timer ??= setTimeout(() => show("live"), pause);
      });
      source.addEventListener("end", () => end("over"));
      source.addEventListener("none", (e) => end("elsewhere", { elsewhere: JSON.parse(e.data) as Log["elsewhere"] }));
      source.onerror = async () => {
        show("lost");
        // Mostly the browser opens the stream again by itself, from the last line on.
        if (source?.readyState !== EventSource.CLOSED) return;
        source = undefined;
        const error = await refusal(url);
        if (error) show("refused", { error });
        else again = setTimeout(open, retryPause);
      };
    };
    // A browser has few connections to a server: a page that nobody sees gives its own up.
    const seen = () => {
      if (!document.hidden) return open();
      clearTimeout(again);
      source?.close();
      source = undefined;
    };
    document.addEventListener("visibilitychange", seen);
    open();
    return () => {
      document.removeEventListener("visibilitychange", seen);
      source?.close();
      clearTimeout(timer);
      clearTimeout(again);
    };
  }, [jobRunId, job]);
  return log;
}

const retryPause = 3000;

/** Why the server refuses a stream, which an EventSource does not tell; none when it is away. */
async function refusal(url: string): Promise<ApiError | undefined> {
  const stop = new AbortController();
  try {
    const answer = await reach(url, { signal: stop.signal });
    if (answer.ok) return undefined;
    const error = failure("the log", answer, await answer.text());
    return error instanceof ApiError ? error : undefined;
  } catch {
    return undefined;
  } finally {
    stop.abort();
  }
}

const lineHeight = 18;

/** A log with search and a filter; however long, only what is in view is drawn. */
export function LogView({ jobRunId, node }: { jobRunId: string; node: string }) {
  const log = useLog(jobRunId, node);
  const [stream, setStream] = useState<StreamFilter>("both");
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(-1);
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 320 });
  const text = useDeferredValue(query);
  const { buffer, version } = log;
  // The list is the same one and grows: its version says when to look again.
  const lines = useMemo(() => ofStream(buffer.lines, stream), [buffer, version, stream]);
  const found = useMemo(() => find(lines, text), [lines, version, text]);
  const both = stream === "both" && buffer.errors;

  useEffect(() => {
    const el = box.current;
    if (el && follow) el.scrollTop = el.scrollHeight;
  }, [lines, version, follow]);
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const observer = new ResizeObserver(() => setView({ top: el.scrollTop, height: el.clientHeight }));
    observer.observe(el);
    return () => observer.disconnect();
  }, []);

  const go = (forward: boolean) => {
    // What was typed last may not have been looked for yet.
    const next = nextMatch(text === query ? found : find(lines, query), at, forward);
    setAt(next);
    setFollow(false);
    const el = box.current;
    if (next >= 0 && el) el.scrollTop = next * lineHeight - el.clientHeight / 2;
  };
  const keys = (e: KeyboardEvent) => {
    if (e.key !== "Enter") return;
    e.preventDefault();
    go(!e.shiftKey);
  };
  const shown = windowOf(view.top, view.height, lineHeight, lines.length);

  if (log.elsewhere) {
    return (
      <div className="log-elsewhere">
        <p>{log.elsewhere.Text}</p>
        {log.elsewhere.Command && <Command>{log.elsewhere.Command}</Command>}
      </div>
    );
  }
  if (log.error) return <ErrorBox error={log.error} doing="The log can't be read" />;
  return (
    <section className="log" aria-label={`Log of ${node}`}>
      <div className="log-tools">
        <input type="search" placeholder="Search the log" aria-label="Search the log" value={query} onChange={(e) => (setQuery(e.target.value), setAt(-1))} onKeyDown={keys} />
        {query && (
          <>
            <span className="quiet num" role="status">
              {found.length === 0 ? "no match" : `${at < 0 ? "" : `${found.indexOf(at) + 1} of `}${found.length.toLocaleString("en")}`}
            </span>
            <button type="button" className="small" aria-label="Previous match" onClick={() => go(false)}>
              ↑
            </button>
            <button type="button" className="small" aria-label="Next match" onClick={() => go(true)}>
              ↓
            </button>
          </>
        )}
        <select aria-label="Stream" value={stream} onChange={(e) => setStream(e.target.value as StreamFilter)}>
          <option value="both">All</option>
          <option value="stdout">stdout</option>
          <option value="stderr">stderr</option>
        </select>
        <label className="check">
          <input type="checkbox" checked={follow} onChange={(e) => setFollow(e.target.checked)} /> Follow
        </label>
      </div>
      <div
        ref={box}
        className="log-lines"
        role="log"
        aria-live="off"
        aria-label={`Lines of the log of ${node}`}
        tabIndex={0}
        onScroll={(e) => {
          const el = e.currentTarget;
          setView({ top: el.scrollTop, height: el.clientHeight });
          const bottom = el.scrollTop + el.clientHeight >= el.scrollHeight - lineHeight;
          if (bottom !== follow && (bottom || el.scrollTop < view.top)) setFollow(bottom);
        }}
      >
        <div style={{ height: lines.length * lineHeight }}>
          <pre style={{ transform: `translateY(${shown.from * lineHeight}px)` }}>
            {lines.slice(shown.from, shown.to).map((l, i) => (
              <span key={shown.from + i} className={`log-line${both && l.Stream === "stderr" ? " err" : ""}${shown.from + i === at ? " at" : ""}`}>
                {marks(l.Text, text).map((m, k) => (m.hit ? <mark key={k}>{m.text}</mark> : m.text))}
                {"\n"}
              </span>
            ))}
          </pre>
        </div>
      </div>
      <p className="log-foot quiet">
        {plural(lines.length, "line")}
        {buffer.dropped > 0 && ` (${buffer.dropped.toLocaleString("en")} older ones are only in the download)`} · {endings[log.ending]} ·{" "}
        <a href={`/console/logs/${encodeURIComponent(jobRunId)}/download`} download>
          Download
        </a>
      </p>
    </section>
  );
}

const endings: Record<Ending, string> = {
  live: "live", over: "complete", lost: "no connection to the log; trying again", elsewhere: "", refused: "",
};
