/** Which rows of a long table are in sight. Browsers limit how tall an element can be, so a long table is shorter than its rows. */

/** Height of a row, in CSS pixels; the style sheet has the same. */
export const ROW_PX = 26;
/** No browser's limit is lower than twice this. */
const MOST_PX = 8_000_000;

/** How tall the table is. */
export function heightOf(count: number): number {
  return Math.min(count * ROW_PX, MOST_PX);
}

/**
 * The first row in sight when the table is scrolled to `top`.
 *
 * @param viewPx Height of what is in sight.
 */
export function firstAt(top: number, count: number, viewPx: number): number {
  const rows = Math.max(Math.floor(viewPx / ROW_PX), 1);
  const most = Math.max(count - rows, 0);
  if (count * ROW_PX <= MOST_PX) return Math.min(Math.max(Math.floor(top / ROW_PX), 0), most);
  return Math.round(Math.min(Math.max(top / (MOST_PX - viewPx), 0), 1) * most);
}

/** Where to scroll to, so that `first` is the first row in sight. */
export function topOf(first: number, count: number, viewPx: number): number {
  if (count * ROW_PX <= MOST_PX) return first * ROW_PX;
  const rows = Math.max(Math.floor(viewPx / ROW_PX), 1);
  return (first / Math.max(count - rows, 1)) * (MOST_PX - viewPx);
}

/** The first row in sight after moving to `row`, as little as possible. */
export function scrolledTo(row: number, first: number, viewPx: number): number {
  const rows = Math.max(Math.floor(viewPx / ROW_PX), 1);
  if (row < first) return row;
  return row >= first + rows ? row - rows + 1 : first;
}
