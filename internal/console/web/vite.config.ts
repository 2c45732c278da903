import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// RE_SERVER is the server that `npm run dev` takes its data from.
const server = process.env.RE_SERVER ?? "http://127.0.0.1:4780";

export default defineConfig({
  plugins: [
    react(),
    {
      // POST / and /console/* go to the server, everything else is the page's.
      // The page's own Origin would be another one's to the server.
      name: "reglue-proxy",
      configureServer(vite) {
        vite.middlewares.use(async (req, res, next) => {
          if (!(req.method === "POST" && req.url === "/") && !req.url?.startsWith("/console/")) return next();
          const { request } = await import("node:http");
          const target = new URL(req.url, server);
          const headers = { ...req.headers, host: target.host };
          for (const name of Object.keys(headers)) {
            if (name === "origin" || name === "referer" || name.startsWith("sec-")) delete (headers as Record<string, unknown>)[name];
          }
          const upstream = request(target, { method: req.method, headers }, (answer) => {
            res.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(res);
          });
          upstream.on("error", () => {
            res.statusCode = 502;
            res.end();
          });
          res.on("close", () => upstream.destroy());
          req.pipe(upstream);
        });
      },
    },
  ],
  worker: { format: "es" },
  test: { include: ["src/**/*.test.ts"] },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // Data URLs would be another source than 'self'.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
  },
});
