import { useConnection } from "../api/events";

const words = {
  connecting: { text: "Connecting", title: "Opening the stream of changes" },
  live: { text: "Live", title: "Changes show at once" },
  polling: { text: "Not live", title: "There is no stream of changes: the page asks every few seconds" },
  lost: { text: "Connection lost", title: "The server can't be reached. The page tries again by itself." },
};

/** Says whether what the page shows is up to date. */
export function ConnectionState() {
  const connection = useConnection();
  const { text, title } = words[connection];
  return (
    <span className={`connection ${connection}`} role="status" title={title} data-testid="connection">
      <span className="dot" aria-hidden="true" />
      {text}
    </span>
  );
}
