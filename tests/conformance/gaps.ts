/** What is known not to conform, and why. A gap that closes fails the suite until it is taken out. */
import type { Gaps } from "./suite.ts";

export const EMBEDDED_GAPS: Gaps = {
  "a module's variables do not outlive a call":
    "Looser than Convex: modules are evaluated once, as Convex does for those that ask for it; see below.",
};

const UNCHECKED_DOCUMENTS = "Checks documents by the schema's validators only.";
const OWN_WORDS = "Says it in words of its own.";
const NO_FILE_SERVER = "Has no server: addresses of files lead nowhere.";
const JAVASCRIPT_COMPARISON = "Filters compare with JavaScript's operators.";
const JAVASCRIPT_ARITHMETIC = "Filters calculate with JavaScript's operators.";
const UNRANKED = "Gives search results in the order of insertion.";
const NO_RECORDS = "Lets every record pass its validator.";
const LATE_RESULTS = "Checks a mutation's result after its commit.";
const PROCESS_VARIABLES = "Components see the variables of the process.";
const UNGUARDED_SYSTEM_TABLES = "Treats system tables as any others.";
const SHARED_PROCESS = "Functions run in the tests' own process.";
const REAL_CLOCK = "Functions read the machine's clock.";

export const CONVEX_TEST_GAPS: Gaps = {
  "a field of a document that starts with an underscore is refused": UNCHECKED_DOCUMENTS,
  "a document is an object": UNCHECKED_DOCUMENTS,
  "a document of more than a mebibyte is refused": UNCHECKED_DOCUMENTS,
  "an array of more than 8192 elements is refused": UNCHECKED_DOCUMENTS,
  "an object of more than 1024 fields is refused": UNCHECKED_DOCUMENTS,
  "an insert cannot choose the id or the creation time": UNCHECKED_DOCUMENTS,
  "less and greater follow the total order over types": JAVASCRIPT_COMPARISON,
  "every 64-bit integer is less than every float": JAVASCRIPT_COMPARISON,
  "−0 is less than 0": JAVASCRIPT_COMPARISON,
  "numbers can be negated": "Has no negation in filters.",
  "arithmetic on mixed or other types is refused": JAVASCRIPT_ARITHMETIC,
  "an overflow and a division of integers by zero are refused": JAVASCRIPT_ARITHMETIC,
  "a condition that is no boolean is refused by and, or and not": JAVASCRIPT_ARITHMETIC,
  "get refuses what is no id": "Takes any text for the id of a document that is not there.",
  "what is no id is refused in Convex's words, by every call that takes one": OWN_WORDS,
  "an id of no table reads as null and cannot be written": OWN_WORDS,
  "an id of another table is refused with both names": OWN_WORDS,
  "what cannot be stored is named as the argument": UNCHECKED_DOCUMENTS,
  "a document that breaks rules is refused with all that is wrong": UNCHECKED_DOCUMENTS,
  "what is neither an id nor a UUID is no file, and is refused":
    "Takes any text for the id of a file that is not there.",
  "ids are 31 to 37 lower-case letters and digits": "Ids are a counter and the table's name.",
  "a page that fills exactly with the last document is not done, the next is empty":
    "Looks one document further to tell whether a page is the last.",
  "a cursor of another query is refused": "Cursors do not know their query.",
  "a cursor that nobody issued is refused": "Fails in parsing the cursor, in words of its own.",
  "a page size of zero or of a fraction is refused": "Takes any page size.",
  "a wrong value of a record is refused": NO_RECORDS,
  "a wrong value of a record argument is refused": NO_RECORDS,
  "a mutation whose result is refused leaves nothing behind": LATE_RESULTS,
  "internal functions are refused to clients as if they were not there":
    "A test may call internal functions.",
  "a nested mutation's ConvexError may carry 64-bit integers and bytes":
    "Decodes the data of nested errors twice.",
  "what a mutation read does not change before it commits":
    "Lets actions write while a mutation runs, and knows no conflicts.",
  "documents that a filter drops count as read": "Counts the documents that a query returns.",
  "a nested mutation may be given less to write": "Makes the write that exceeds what was given.",
  "a component's mutation whose result is refused leaves nothing when its caller goes on":
    LATE_RESULTS,
  "a scheduled call of a component fails over a wrong result, and leaves nothing": LATE_RESULTS,
  "internal functions of a component cannot be called from the app":
    "Calls whatever function of a component it is asked for.",
  "a component sees the variables it is mounted with, and no others": PROCESS_VARIABLES,
  "a component within a component sees the variables that the outer hands on, and no others":
    PROCESS_VARIABLES,
  "a component does not paginate": "Lets components paginate.",
  "a handle that nobody gave out calls nothing": "A handle is a path, which anybody can write.",
  "HTTP actions of a component answer below its prefix": "Routes to the app's HTTP actions only.",
  "a job's end is recorded": "Records the end of failed jobs only.",
  "a job names its function with its file": "Names functions without the file's ending.",
  "canceling what has run leaves it a success": "Cancels finished jobs too.",
  "a failed job keeps its error": "Prints a job's error instead of keeping it.",
  "scheduling an unknown function is refused at once": "Looks for the function when it is due.",
  "a file's record has its content type": "Forgets content types.",
  "getMetadata gives the digest in hexadecimal": "Has no getMetadata.",
  "a wrong digest is refused": "Does not check digests.",
  "the address serves the file with its type and length": NO_FILE_SERVER,
  "the address of a deleted file is not found": NO_FILE_SERVER,
  "a client uploads to an address that a mutation made": NO_FILE_SERVER,
  "an upload with a wrong digest or a made-up token is refused": NO_FILE_SERVER,
  "system tables are read through db.system only": UNGUARDED_SYSTEM_TABLES,
  "other tables are not read through db.system": UNGUARDED_SYSTEM_TABLES,
  "system tables cannot be written": UNGUARDED_SYSTEM_TABLES,
  "db.system has jobs and files, and none of the deployment's own tables": UNGUARDED_SYSTEM_TABLES,
  "case and punctuation do not matter": "Splits words at spaces only.",
  "a word that is not the last is taken whole": "Takes every word for a beginning.",
  "who contains more of the words comes first": UNRANKED,
  "who contains the word more often comes first": UNRANKED,
  "the shorter text comes first": UNRANKED,
  "the rarer word weighs more": UNRANKED,
  "a whole word comes before a word that only starts with it": UNRANKED,
  "of equals the newest comes first": UNRANKED,
  "an HTTP action that throws answers 500": "Throws the handler's error at the caller.",
  "the clock stands still within a mutation": REAL_CLOCK,
  "nested functions read the same clock": REAL_CLOCK,
  "what a call adds to the globals and to Object.prototype the next does not see": SHARED_PROCESS,
  "a module's variables do not outlive a call": SHARED_PROCESS,
  "keys are not generated in a mutation": "Leaves all of WebCrypto to mutations.",
};
