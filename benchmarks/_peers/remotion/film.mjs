// `film.mjs bundle COMPOSITION PUBLIC OUT` packs the page once; `film.mjs render BUNDLE PROPS OUT` makes the film from it.
// The browser is BROWSER, in the mode BROWSER_MODE: Remotion would fetch one of its own.
import { readFileSync } from 'node:fs';
import { bundle } from '@remotion/bundler';
import { openBrowser, renderMedia, selectComposition } from '@remotion/renderer';

const [job, source, given, out] = process.argv.slice(2);

if (job === 'bundle') {
  await bundle({ entryPoint: source, publicDir: given, outDir: out, enableCaching: false });
} else {
  const inputProps = JSON.parse(readFileSync(given, 'utf8'));
  const browser = { browserExecutable: process.env.BROWSER, chromeMode: process.env.BROWSER_MODE, logLevel: 'error' };
  const puppeteerInstance = await openBrowser('chrome', browser);
  const options = { ...browser, puppeteerInstance, serveUrl: source, inputProps };
  const composition = await selectComposition({ ...options, id: 'film' });
  await renderMedia({
    ...options, composition, outputLocation: out, codec: 'h264', crf: 20, x264Preset: 'veryfast', pixelFormat: 'yuv420p',
    colorSpace: 'bt709', audioCodec: 'aac', audioBitrate: '128k', concurrency: 2,
  });
  await puppeteerInstance.close({ silent: true });
}
