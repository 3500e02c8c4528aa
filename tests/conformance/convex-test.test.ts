import { inMemory } from "./convex-test-driver.ts";
import { CONVEX_TEST_GAPS } from "./gaps.ts";
import { runSuite } from "./suite.ts";

runSuite(inMemory, CONVEX_TEST_GAPS);
