/** A series as sound: its values are pitch, its course goes from left to right, and a click stands at each spike. */

const seconds = 3;
/** Silence between two series. */
const between = 0.4;
const [lowest, highest] = [220, 880];

let playing: AudioContext | undefined;

/** Plays the numbers, of several series one after another in one scale; a second call ends the first. */
export function listen(...series: (readonly number[])[]): void {
  silence();
  const heard = series.map((values) => values.filter(Number.isFinite)).filter(({ length }) => length > 0);
  if (heard.length === 0) return;
  const audio = new AudioContext();
  playing = audio;
  const scale = heard.reduce<Scale>(
    ([low, high], values) => [Math.min(low, ...values), Math.max(high, ...values)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  for (const [index, values] of heard.entries()) {
    const tone = play(audio, values, scale, audio.currentTime + 0.05 + index * (seconds + between));
    if (index === heard.length - 1) tone.onended = () => silence();
  }
}

/** Lowest and highest number. */
type Scale = readonly [number, number];

function play(audio: AudioContext, values: readonly number[], [low, high]: Scale, start: number): OscillatorNode {
  const tone = new OscillatorNode(audio, { type: "triangle" });
  const side = new StereoPannerNode(audio, { pan: -1 });
  const volume = new GainNode(audio, { gain: 0.15 });
  tone.connect(side).connect(volume).connect(audio.destination);
  for (const [index, value] of values.entries()) {
    const at = start + (seconds * index) / values.length;
    tone.frequency.linearRampToValueAtTime(pitchOf(value, low, high), at);
  }
  for (const index of spikesIn(values)) click(audio, start + (seconds * index) / values.length);
  side.pan.setValueAtTime(-1, start);
  side.pan.linearRampToValueAtTime(1, start + seconds);
  tone.start(start);
  tone.stop(start + seconds);
  return tone;
}

/** Two short tones, the second one lower: something has come to an end. */
export function signal(): void {
  silence();
  const audio = new AudioContext();
  playing = audio;
  const volume = new GainNode(audio, { gain: 0.15 });
  volume.connect(audio.destination);
  for (const [index, frequency] of [660, 440].entries()) {
    const tone = new OscillatorNode(audio, { type: "triangle", frequency });
    tone.connect(volume);
    tone.start(audio.currentTime + 0.05 + 0.25 * index);
    tone.stop(audio.currentTime + 0.25 + 0.25 * index);
    if (index === 1) tone.onended = () => silence();
  }
}

export function silence(): void {
  void playing?.close();
  playing = undefined;
}

/** How many times the usual step a spike stands out, on both sides. */
const standsOut = 6;

/** Where a value stands out from both its neighbours, to the same side, by many times the usual step. */
export function spikesIn(values: readonly number[]): number[] {
  const steps = values.slice(1).map((value, index) => value - values[index]!);
  const sizes = steps.map(Math.abs).sort((a, b) => a - b);
  const usual = sizes[Math.floor(sizes.length / 2)] ?? 0;
  return steps.slice(1).flatMap((after, index) => {
    const before = steps[index]!;
    const least = Math.min(Math.abs(before), Math.abs(after));
    return Math.sign(before) === -Math.sign(after) && least > standsOut * usual ? [index + 1] : [];
  });
}

function click(audio: AudioContext, at: number): void {
  const tone = new OscillatorNode(audio, { type: "square", frequency: 1760 });
  const volume = new GainNode(audio, { gain: 0.08 });
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.012);
}

/** Equal steps of value are equal musical steps, over two octaves. */
export function pitchOf(value: number, low: number, high: number): number {
  const part = high === low ? 0.5 : (value - low) / (high - low);
  return lowest * (highest / lowest) ** part;
}
