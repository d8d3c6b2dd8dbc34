import { useEffect } from 'preact/hooks';
import { ask } from './api/ask';
import { usePoll } from './api/poll';
import type { Standing } from './api/standing';
import { Frame } from './frame';
import { usePlace } from './navigate';
import { NowView } from './view/now/now';
import { ObjectiveView } from './view/objective/objective';
import { ReleasesView } from './view/releases/releases';
import { StatusView } from './view/status/status';
import { Overview } from './view/overview/overview';

/** App is the frame and the view that the address names. */
export function App() {
  const place = usePlace();
  const standing = usePoll('standing', 5000, (signal) => ask<Standing>('api/slo/v1/standing', {}, signal));
  const firing = (standing.data?.pages ?? 0) + (standing.data?.tickets ?? 0);
  useEffect(() => {
    document.title = (firing > 0 ? `(${firing}) ` : '') + 'slowburn · ' + place.view;
  }, [firing, place.view]);

  // Until it is known otherwise, all is taken to be ready: the view asks at once.
  const ready = standing.data?.not_ready === undefined;
  return (
    <Frame view={place.view} standing={standing}>
      {place.view === 'status' && <StatusView />}
      {ready && place.view === 'overview' && <Overview params={place.params} />}
      {ready && place.view === 'objective' && <ObjectiveView params={place.params} />}
      {ready && place.view === 'now' && <NowView demo={standing.data?.demo ?? false} />}
      {ready && place.view === 'releases' && <ReleasesView params={place.params} />}
    </Frame>
  );
}
