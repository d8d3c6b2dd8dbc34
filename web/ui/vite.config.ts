import { defineConfig } from 'vite';

// Relative addresses work under any path that --web.external-url names; nothing is
// inlined, so that the Content-Security-Policy can forbid data: and inline text.
export default defineConfig({
  base: './',
  build: { assetsInlineLimit: 0, modulePreload: false, target: 'es2022', reportCompressedSize: false },
  // `npm run dev` shows a slowburn that runs beside it, such as the demo's.
  server: { proxy: { '/api': 'http://127.0.0.1:9797', '/-': 'http://127.0.0.1:9797' } },
});
