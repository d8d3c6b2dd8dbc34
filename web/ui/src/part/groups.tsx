/** groupText writes a segment's group labels: "region=eu, tenant=a". */
export function groupText(groups: Record<string, string>): string {
  return Object.entries(groups)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
