const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** tickTexts writes an axis's times, s: the time of day, and the day where that is midnight. */
export function tickTexts(ticks: number[]): string[] {
  return ticks.map((t) => {
    const at = new Date(t * 1000);
    const minutes = at.getHours() * 60 + at.getMinutes();
    if (minutes === 0) return at.getDate() + ' ' + months[at.getMonth()];
    return String(at.getHours()).padStart(2, '0') + ':' + String(at.getMinutes()).padStart(2, '0');
  });
}
