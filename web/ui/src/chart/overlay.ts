import type uPlot from 'uplot';
import type { Mark } from './marks';

/** Line is a level to be compared with, such as a threshold. */
export interface Line {
  at: number;
  colour: string;
}

type Colour = (name: string) => string;

/** drawLines draws levels as dashes, where they are in sight. */
export function drawLines(u: uPlot, lines: Line[], colour: Colour): void {
  const { left, top, width, height } = u.bbox;
  const c = u.ctx;
  c.save();
  c.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  c.lineWidth = devicePixelRatio;
  for (const line of lines) {
    const y = u.valToPos(line.at, 'y', true);
    if (y < top || y > top + height) continue;
    c.strokeStyle = colour(line.colour);
    c.beginPath();
    c.moveTo(left, y);
    c.lineTo(left + width, y);
    c.stroke();
  }
  c.restore();
}

/** drawMarks draws releases and changed targets as upright lines with a flag. */
export function drawMarks(u: uPlot, marks: Mark[], colour: Colour): void {
  const { left, top, width, height } = u.bbox;
  const c = u.ctx;
  c.save();
  c.lineWidth = devicePixelRatio;
  for (const mark of marks) {
    const x = u.valToPos(mark.at, 'x', true);
    if (x < left || x > left + width) continue;
    c.strokeStyle = c.fillStyle = colour(mark.kind === 'target' ? 'chart-3' : 'chart-1');
    c.beginPath();
    c.moveTo(x, top);
    c.lineTo(x, top + height);
    c.stroke();
    c.fillRect(x, top, 7 * devicePixelRatio, 7 * devicePixelRatio);
  }
  c.restore();
}
