// The workload as a composition of Remotion; all its numbers come from _workload.py, as the input props.
import React, { useState } from 'react';
import {
  AbsoluteFill, Audio, Composition, Img, Sequence, continueRender, delayRender, interpolate, registerRoot, staticFile,
  useCurrentFrame, useVideoConfig,
} from 'remotion';

const clamp = { extrapolateLeft: 'clamp', extrapolateRight: 'clamp' };
const font = { fontFamily: 'Film', color: 'white', whiteSpace: 'nowrap' };

const useFont = () => {
  useState(() => {
    const handle = delayRender('font');
    new FontFace('Film', `url(${staticFile('font.ttf')})`, { weight: '100 900' }).load().then((face) => {
      document.fonts.add(face);
      continueRender(handle);
    });
  });
};

// The same path as ours: the scale in equal ratios, the centre bound to the width of what is seen.
const Shot = ({ shot, dissolve }) => {
  const frame = useCurrentFrame();
  const { width, height } = useVideoConfig();
  const [ax, ay, a] = shot.first;
  const [bx, by, b] = shot.last;
  const scale = a * (b / a) ** Math.min(frame / (shot.frames - 1), 1);
  const along = (1 / a - 1 / scale) / (1 / a - 1 / b);
  const factor = (width / 3000) * scale;
  const x = Math.min(Math.max(width / 2 - (ax + (bx - ax) * along) * 3000 * factor, width - 3000 * factor), 0);
  const y = Math.min(Math.max(height / 2 - (ay + (by - ay) * along) * 2000 * factor, height - 2000 * factor), 0);
  const opacity = shot.number ? interpolate(frame, [0, dissolve], [0, 1], clamp) : 1;
  const transform = `translate(${x}px, ${y}px) scale(${factor})`;
  return (
    <AbsoluteFill style={{ opacity }}>
      <Img src={staticFile(`p${shot.number}.jpg`)} style={{ position: 'absolute', transformOrigin: '0 0', transform }} />
    </AbsoluteFill>
  );
};

const Title = ({ text, size, frames, fade }) => {
  const opacity = interpolate(useCurrentFrame(), [0, fade, frames - fade, frames], [0, 1, 1, 0], clamp);
  return (
    <AbsoluteFill style={{ alignItems: 'center', justifyContent: 'center', opacity }}>
      <div style={{ ...font, fontSize: size, fontWeight: 700, textShadow: '0 2px 12px rgba(0, 0, 0, 0.6)' }}>{text}</div>
    </AbsoluteFill>
  );
};

const Third = ({ text, size, box: [left, top, width, height] }) => (
  <div style={{ position: 'absolute', left, top, width, height, background: '#101418a0', borderRadius: 7 }}>
    {text.split('\n').map((line, number) => (
      <div key={line} style={{ ...font, position: 'absolute', left: 35, top: 14 + number * 66,
        fontSize: number ? size * 0.68 : size, fontWeight: number ? 400 : 700 }}>{line}</div>
    ))}
  </div>
);

const Film = ({ seconds, shots, titles, third, dissolve_s: dissolve, fade_s: fade, title_px: size, volume, music_fade_s: end }) => {
  useFont();
  const { fps } = useVideoConfig();
  const last = seconds * fps;
  return (
    <AbsoluteFill style={{ background: '#101418' }}>
      {shots.map((shot) => (
        <Sequence key={shot.number} from={Math.round(shot.start_s * fps)} durationInFrames={shot.frames}>
          <Shot shot={shot} dissolve={dissolve * fps} />
        </Sequence>
      ))}
      {titles.map(([start, until], number) => {
        const frames = Math.round((until - start) * fps);
        return (
          <Sequence key={number} from={Math.round(start * fps)} durationInFrames={frames}>
            <Title text={`Title number ${number + 1}`} size={size} frames={frames} fade={fade * fps} />
          </Sequence>
        );
      })}
      <Sequence from={Math.round(last * 0.2)} durationInFrames={Math.round(last * 0.6)}>
        <Third {...third} />
      </Sequence>
      <Audio src={staticFile('music.wav')}
        volume={(frame) => volume * interpolate(frame, [last - end * fps, last], [1, 0], clamp)} />
    </AbsoluteFill>
  );
};

const metadata = ({ props }) => ({ durationInFrames: props.seconds * props.fps, fps: props.fps, width: props.width, height: props.height });

registerRoot(() => (
  <Composition id="film" component={Film} durationInFrames={1} fps={30} width={1920} height={1080}
    defaultProps={{}} calculateMetadata={metadata} />
));
