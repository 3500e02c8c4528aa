import { embedded } from "./embedded-driver.ts";
import { EMBEDDED_GAPS } from "./gaps.ts";
import { runSuite } from "./suite.ts";

runSuite(embedded, EMBEDDED_GAPS);
