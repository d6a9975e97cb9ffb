/** Colours of actions, from the palette of Okabe and Ito, and patterns, so that no one needs to tell the colours apart. */

export type Pattern = "full" | "rising" | "falling" | "dots" | "bars";

export interface Look {
  colour: string;
  pattern: Pattern;
}

const BY_ACTION: Readonly<Record<string, Look>> = {
  deny: { colour: "#d55e00", pattern: "full" },
  alert: { colour: "#e69f00", pattern: "rising" },
  monitor: { colour: "#56b4e9", pattern: "full" },
  tarpit: { colour: "#cc79a7", pattern: "falling" },
  abort: { colour: "#0072b2", pattern: "bars" },
  slow: { colour: "#009e73", pattern: "dots" },
};
const OTHERS: readonly Look[] = [
  { colour: "#009e73", pattern: "falling" },
  { colour: "#0072b2", pattern: "dots" },
  { colour: "#cc79a7", pattern: "bars" },
  { colour: "#009e73", pattern: "full" },
  { colour: "#56b4e9", pattern: "rising" },
  { colour: "#e69f00", pattern: "full" },
  { colour: "#d55e00", pattern: "bars" },
  { colour: "#0072b2", pattern: "full" },
];
const NONE: Look = { colour: "#8a8f98", pattern: "dots" };

/** Looks of actions, no two of them alike as long as there are enough. */
export function looksOf(actions: readonly { name: string; isOthers: boolean }[]): Look[] {
  let next = 0;
  return actions.map(({ name, isOthers }) => {
    if (isOthers || name === "" || name === "none") return NONE;
    const known = BY_ACTION[name.toLowerCase()];
    if (known !== undefined) return known;
    next += 1;
    return OTHERS[(next - 1) % OTHERS.length] ?? NONE;
  });
}

const TILE = 6;

/** A look as a fill of a canvas. */
export function fillOf({ colour, pattern }: Look): string | CanvasPattern {
  if (pattern === "full") return colour;
  const tile = document.createElement("canvas");
  [tile.width, tile.height] = [TILE, TILE];
  const context = tile.getContext("2d");
  if (context === null) return colour;
  context.fillStyle = colour;
  context.globalAlpha = 0.45;
  context.fillRect(0, 0, TILE, TILE);
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  if (pattern === "rising") strokes(context, [[-1, TILE + 1, TILE + 1, -1]]);
  if (pattern === "falling") strokes(context, [[-1, -1, TILE + 1, TILE + 1]]);
  if (pattern === "bars") strokes(context, [[0, 1, TILE, 1]]);
  if (pattern === "dots") context.fillRect(1, 1, 3, 3);
  context.stroke();
  return context.createPattern(tile, "repeat") ?? colour;
}

function strokes(context: CanvasRenderingContext2D, lines: readonly (readonly [number, number, number, number])[]): void {
  for (const [x, y, toX, toY] of lines) {
    context.moveTo(x, y);
    context.lineTo(toX, toY);
  }
}
