// Types of the API's answers, for the type checker only: no page loads this file.
// Written by `make golden` from logctl/pipeline/http/openapi.py.

export interface Record {
  ts: string;
  appid: string;
  level: "TRACE" | "DEBUG" | "INFO" | "NOTICE" | "WARN" | "ERROR" | "FATAL" | "UNKNOWN";
  message: string;
  event_id: string;
  fields?: { [name: string]: unknown };
  flags?: string[];
}

export interface Alert {
  key: string;
  appid: string;
  level: "TRACE" | "DEBUG" | "INFO" | "NOTICE" | "WARN" | "ERROR" | "FATAL" | "UNKNOWN";
  state: "OPEN" | "CLOSED";
  next: string;
  window_left_ms: number;
  counted: number;
  reported: number;
  held_back: number;
  last_alert_at: string | null;
  last_alert_id: string | null;
  last_event_at: string;
  silenced_until: string | null;
  kind: string;
  sample: string | null;
}

export interface Silence {
  target: string;
  active: boolean;
  until: string;
  author: string;
  comment: string;
  created_at: string;
}

export interface Error {
  error?: string;
  hint?: string;
  message?: string;
}

/** The answer of each route, by its path relative to the page. */
export interface Answers {
  session: {
    user: string;
    apps: string[];
    expires_at: string;
  };
  apps: {
    apps: {
      appid: string;
      newest_at: string | null;
      lag_ms: number | null;
    }[];
  };
  logs: {
    records: Record[];
    since: string;
    until: string;
    covers_since: string;
    next: string | null;
    live: string | null;
    complete: boolean;
    gone: {
      records: number;
      messages: number;
    };
  };
  "logs/live": {
    records: Record[];
    skipped: number;
    live: string;
    gone: {
      records: number;
      messages: number;
    };
  };
  counts: {
    since: string;
    until: string;
    step_ms: number;
    buckets: {
      at: string;
      counts: { [name: string]: number };
    }[];
    total: number;
    complete: boolean;
    gone: {
      records: number;
      messages: number;
    };
  };
  alerts: {
    window_ms: number;
    alerts: Alert[];
    silences: Silence[];
  };
  health: {
    status: "ok" | "warning" | "failing";
    problems: string[];
    checked_at: string;
    queue: {
      waiting: number;
      in_flight: number;
    } | null;
    dead_letter_queue: {
      waiting: number;
    } | null;
    quarantine: {
      last_24h: number;
      complete: boolean;
    } | null;
    alerts: {
      open: number;
      held_back: number;
      overdue: number;
    };
    apps: {
      appid: string;
      newest_at: string | null;
      lag_ms: number | null;
    }[];
  };
}
