import type { Clause } from "./behaviour.ts";
import { components } from "./behaviours/components.ts";
import { determinism } from "./behaviours/determinism.ts";
import { documents } from "./behaviours/documents.ts";
import { files } from "./behaviours/files.ts";
import { filters } from "./behaviours/filters.ts";
import { httpActions } from "./behaviours/http-actions.ts";
import { identity } from "./behaviours/identity.ts";
import { isolation } from "./behaviours/isolation.ts";
import { jobs } from "./behaviours/jobs.ts";
import { nesting } from "./behaviours/nesting.ts";
import { order } from "./behaviours/order.ts";
import { pagination } from "./behaviours/pagination.ts";
import { schema } from "./behaviours/schema.ts";
import { search } from "./behaviours/search.ts";
import { systemTables } from "./behaviours/system-tables.ts";
import { transactions } from "./behaviours/transactions.ts";
import { validation } from "./behaviours/validation.ts";
import { values } from "./behaviours/values.ts";

/** Everything the suite checks, in the order of `docs/conformance.md`. */
export const clauses: readonly Clause[] = [
  values,
  order,
  filters,
  documents,
  pagination,
  schema,
  validation,
  nesting,
  transactions,
  components,
  jobs,
  files,
  systemTables,
  search,
  identity,
  httpActions,
  determinism,
  isolation,
];
