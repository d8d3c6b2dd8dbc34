// Panels in Grafana's JSON model: only what differs from Grafana's own defaults.
{
  local source = { type: 'prometheus', uid: '${datasource}' },

  // query is one PromQL expression of a panel. A legend of '__auto' names what
  // tells the series of the answer apart.
  query(expr, legend='__auto'):: { datasource: source, expr: expr, legendFormat: legend },
  // now asks for the newest value alone.
  now(expr, legend='__auto'):: $.query(expr, legend) { instant: true },
  // rows asks for the newest values as a table.
  rows(expr):: $.now(expr) { format: 'table' },

  local panel(type, title, queries, width, height) = {
    type: type,
    title: title,
    datasource: source,
    gridPos: { w: width, h: height },
    targets: [queries[i] { refId: std.char(65 + i) } for i in std.range(0, std.length(queries) - 1)],
    fieldConfig: { defaults: {}, overrides: [] },
    options: {},
  },
  local steps(list) = { mode: 'absolute', steps: [{ value: s[0], color: s[1] } for s in list] },

  // describe says what a panel shows, in its corner.
  describe(text):: { description: text },

  // colors are thresholds: pairs of the least value and its colour.
  colors(list):: { fieldConfig+: { defaults+: { thresholds: steps(list), color: { mode: 'thresholds' } } } },
  // budget colours a share of the budget left: red when it is spent.
  budget:: $.colors([[null, 'red'], [0, 'orange'], [0.25, 'green']]),
  // unit is one of Grafana's: percentunit for ratios, s for seconds.
  unit(name, decimals=null):: { fieldConfig+: { defaults+: { unit: name } + if decimals == null then {} else { decimals: decimals } } },
  bounds(min, max=null):: { fieldConfig+: { defaults+: { min: min } + if max == null then {} else { max: max } } },
  // limit draws a line that should not be crossed.
  limit(list):: { fieldConfig+: { defaults+: {
    thresholds: steps([[null, 'transparent']] + list),
    custom+: { thresholdsStyle: { mode: 'line' } },
  } } },
  // log scales by powers of two: burn rates of 1 and of 1,000 are both to be seen.
  log:: { fieldConfig+: { defaults+: { custom+: { scaleDistribution: { type: 'log', log: 2 } } } } },

  stat(title, queries, width=4, height=4):: panel('stat', title, queries, width, height) {
    options: { colorMode: 'value', graphMode: 'none', reduceOptions: { calcs: ['lastNotNull'] }, textMode: 'auto' },
  },
  graph(title, queries, width=12, height=8):: panel('timeseries', title, queries, width, height) {
    fieldConfig: { defaults: { custom: { lineWidth: 1, fillOpacity: 0, showPoints: 'never', spanNulls: false } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  },
  bars(title, queries, width=12, height=8):: panel('bargauge', title, queries, width, height) {
    options: { displayMode: 'basic', orientation: 'horizontal', reduceOptions: { calcs: ['lastNotNull'] } },
  },
  // table joins its queries' rows by their labels; columns are [name of the value, title, unit].
  table(title, queries, columns, hidden=[], width=24, height=9):: panel('table', title, queries, width, height) {
    transformations: [
      { id: 'merge', options: {} },
      { id: 'organize', options: {
        excludeByName: { [name]: true for name in ['Time', '__name__'] + hidden },
        renameByName: { [c[0]]: c[1] for c in columns },
      } },
    ],
    fieldConfig: { defaults: { custom: { filterable: true } }, overrides: [
      { matcher: { id: 'byName', options: c[1] }, properties: [{ id: 'unit', value: c[2] }] }
      for c in columns if std.length(c) > 2
    ] },
    options: { showHeader: true },
  },

  // variable is a drop-down filled by a query over labels.
  variable(name, query, all=true):: {
    name: name,
    label: name,
    type: 'query',
    datasource: source,
    query: { query: query, refId: name },
    definition: query,
    refresh: 2,
    sort: 1,
    includeAll: all,
    multi: all,
    [if all then 'allValue']: '.*',
  },

  // events marks on every graph when the expression was above 0.
  events(name, expr, title, tags, color):: {
    name: name,
    datasource: source,
    enable: true,
    expr: expr,
    iconColor: color,
    titleFormat: title,
    tagKeys: tags,
    step: '60s',
    useValueForTime: false,
  },

  dashboard(uid, title, description, variables, panels, annotations=[], from='now-6h'):: {
    uid: uid,
    title: title,
    description: description,
    tags: ['slowburn'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,  // one crosshair on all panels
    refresh: '30s',
    time: { from: from, to: 'now' },
    timezone: 'browser',
    templating: { list: [{ name: 'datasource', label: 'data source', type: 'datasource', query: 'prometheus' }] + variables },
    annotations: { list: annotations },
    links: [{ type: 'dashboards', tags: ['slowburn'], title: 'slowburn', asDropdown: true, includeVars: true, keepTime: true }],
    panels: place(panels),
  },

  // place lays panels out from left to right, as lines of text are broken.
  local place(panels) =
    local next(at, p) =
      local g = p.gridPos;
      local fits = at.x + g.w <= 24;
      local x = if fits then at.x else 0;
      local y = if fits then at.y else at.y + at.h;
      {
        x: x + g.w,
        y: y,
        h: if fits then std.max(at.h, g.h) else g.h,
        done: at.done + [p { id: std.length(at.done) + 1, gridPos+: { x: x, y: y } }],
      };
    std.foldl(next, panels, { x: 0, y: 0, h: 0, done: [] }).done,
}
