import { createTranslator } from "use-intl";

import messages from "#app/messages/en.json";

/** Interface texts for what the server says itself, such as a notice on the next page. */
export const translate = createTranslator({ locale: "en", messages });
