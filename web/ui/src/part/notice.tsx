import type { Failure } from '../api/ask';

/** Notice says that a request failed, what slowburn said, and that what is shown is older. */
export function Notice({ failure, what, stale }: { failure: Failure; what: string; stale: boolean }) {
  return (
    <div class="notice" role="status">
      <b>
        No answer for {what}
        {failure.status ? ` (${failure.status})` : ''}.
      </b>{' '}
      <span class="clip">{failure.message}</span> {stale ? 'What you see is the last answer; it is asked again.' : 'It is asked again.'}
    </div>
  );
}
