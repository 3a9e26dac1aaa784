/* What the scripts find in the browser, and what they hand each other. */

/** Numbers of a column; null where there is none. */
type Values = (number | null)[];

/** A line of a stream, by its fields: the OpenAPI description of the server says which. */
// deno-lint-ignore no-explicit-any
type Line = any;

/** An array of numbers in a line: its bytes in base64. */
interface Packed {
  dtype: string;
  data: string;
}

/** What a field holds. */
type Value = string | number | boolean | null | undefined;
type ByName<T> = Record<string, T>;
type Timer = ReturnType<typeof setTimeout>;

/** What is known of a field. */
interface Rule {
  default: string;
  group: string;
  label: string;
  number?: "whole" | "real";
  log?: boolean;
  shared?: boolean;
  fitted?: boolean;
  /** By other fields, the values that they have where this one applies. */
  when: ByName<Value[]>;
  /** By value, what other fields hold as an example. */
  usual: ByName<ByName<Value>>;
}

/** What a page shows, as far as it has arrived. */
interface Result {
  query: string;
  start: Line;
  end: Line;
  began: number;
  seconds: number;
  take(record: Line): void;
  cached?: boolean;
  degraded?: boolean;
  troubled?: boolean;
  headed?: boolean;
}

/** How a request fares, apart from what is computed. */
interface News {
  type: "answer" | "queued" | "alive" | "retry";
  cached?: boolean;
  degraded?: boolean;
  position?: number;
  busy?: boolean;
  cut?: boolean;
  seconds?: number;
}

/** Why a request came to nothing. */
interface Problem {
  status?: number;
  error?: { field: string; message: string; allowed: string };
  retry_after?: number | null;
  message?: string;
}

/** An empty figure, whose traces are named by their ``meta``. */
interface Template {
  data: Line[];
  layout: Line;
}

/** A figure, or null where there is none. */
type Drawn = { data: Line[]; layout: Line } | null;

/** What a page says of how it asks, and does with the answer. */
interface Page<R = Line> {
  name: string;
  /** Where it asks; the deck asks for nothing. */
  api?: string;
  /** What is said while it is computed. */
  computing?: string;
  /** Elements that say something of a result, besides those of all pages. */
  said?: string[];
  /** The field that only points into what is computed. */
  cursor?: string;
  /** Formats of its data. */
  files: string[];
  Result?: new (query: string) => R;
  shown(): { start?: Line; end?: Line } | null;
  draw(): void;
  began?(result: R): void;
  headed?(result: R): void;
  grew?(result: R, record: Line): void;
  ended?(result: R): void;
  /** The cursor stands somewhere else. */
  moved?(): void;
  /** Another state is opened. */
  fresh?(): void;
  picture?(): Picture;
  /** What else is said where the page is embedded. */
  embedded?(view: ByName<Value>): ByName<string>;
}

/** A figure to be taken home. */
interface Picture {
  data: Line[];
  layout: Line;
  width: number;
  height: number;
  filename: string;
}

/** A scene as the server answers it; options are there where it asks something. */
interface Scene {
  title: string;
  text: string;
  look: string;
  question?: string | null;
  options: string[];
  answer?: number | null;
  page: string;
  href: string;
}

interface Deck {
  id: string;
  title: string;
  scenes: Scene[];
}

/** How a link frames the page. */
interface Framing {
  scene: number;
  deck?: string;
  hide: string[];
  present?: boolean;
  lock?: boolean;
  embed?: boolean;
}

/** Of elements, what the scripts keep with them. */
interface HTMLElement {
  /** What was said in it last. */
  words?: string;
}

interface Window {
  // deno-lint-ignore no-explicit-any
  Plotly: any;
  // deno-lint-ignore no-explicit-any
  MathJax: any;
  // deno-lint-ignore no-explicit-any
  dash_clientside: any;
  eosdash: object;
}
