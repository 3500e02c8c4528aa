import type { FormRefusal } from "#app/lib/forms.ts";

/**
 * Sends a form on to its action. When the shop cannot be reached the form stays, with what was typed
 * and a sentence, in place of an error page.
 */
export async function keepForm<Answer>(
  request: Request,
  serverAction: () => Promise<Answer>,
): Promise<Answer | FormRefusal> {
  const form = await request.clone().formData();
  try {
    return await serverAction();
  } catch (error) {
    // Redirects and error pages come as responses; an error is a connection that broke.
    if (!(error instanceof Error)) throw error;
    const values = [...form].flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : [],
    );
    return { values: Object.fromEntries(values), problems: {}, formProblem: "unavailable" };
  }
}
