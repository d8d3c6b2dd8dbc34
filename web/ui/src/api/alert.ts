import type { Alert } from './budget';

/** DeliveredAlert is an alert with what each Alertmanager acknowledged of it. */
export interface DeliveredAlert extends Alert {
  resolved_ms?: number;
  stated_ms?: number;
  ended_ms?: number;
  held_until_ms?: number;
  deliveries: Delivery[];
}

export interface Delivery {
  target: string;
  firing_acked_ms?: number;
  resolved_acked_ms?: number;
  last_sent_ms?: number;
  dropped: boolean;
  bare: boolean;
  refusal?: string;
  retry_ms?: number;
}

export interface Alertmanager {
  url: string;
  set: string;
  answers: boolean;
  last_answer_ms?: number;
  last_ack_ms?: number;
  last_error?: string;
  last_error_ms?: number;
  queue: number;
  quarantined: number;
}

export interface Alerts {
  alerts: DeliveredAlert[];
  alertmanagers: Alertmanager[];
  dropped_alertmanagers: string[];
}
