import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useTranslations } from "use-intl";
import * as z from "zod";

import { Button } from "#app/components/ui/button.tsx";
import { Checkbox } from "#app/components/ui/choice.tsx";
import { PasswordField, TextField } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import { FormProblem } from "#app/features/account/form-problem.tsx";
import { useFormRefusal } from "#app/lib/forms.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { parseForm, refuseForm } from "#app/server/forms.server.ts";
import { placeToReturn } from "#app/server/safe-redirect.server.ts";
import { redirectAccount } from "#app/server/visitor.server.ts";

const vSignIn = z.object({
  email: z.string().trim().min(1).max(254),
  password: z.string().min(1).max(1024),
  keep: z.literal("on").optional(),
});

type Field = "email" | "password";

export const meta: MetaFunction = () => [{ title: pageTitle(messages.auth.signIn.meta) }];

export async function loader(args: LoaderFunctionArgs) {
  const { searchParams } = new URL(args.request.url);
  const redirectTo = placeToReturn(searchParams);
  await redirectAccount(args, redirectTo);
  return { redirectTo, reason: searchParams.get("reason") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const parsed = parseForm(form, vSignIn);
  if (!parsed.ok) return data(parsed.refusal, 400);
  const { email, password, keep } = parsed.value;
  try {
    await context.session.signIn({ flow: "signIn", email, password }, keep === "on");
  } catch (error) {
    return refuseForm(error, form);
  }
  return redirect(placeToReturn(form));
}

export default function SignInRoute() {
  const { redirectTo, reason } = useLoaderData<typeof loader>();
  const refusal = useFormRefusal<Field>(useActionData<typeof action>());
  const isBusy = useNavigation().state !== "idle";
  const t = useTranslations("auth");
  const toRegister = `/register?${new URLSearchParams({ redirectTo }).toString()}`;
  return (
    <>
      <h1 className="font-display text-display">{t("signIn.title")}</h1>
      <p className="mt-3 mb-8 text-ink-2">
        {t.rich("signIn.new", {
          link: (chunks) => <TextLink to={toRegister}>{chunks}</TextLink>,
        })}
      </p>
      <Form ref={refusal.formRef} method="post" noValidate className="grid gap-4.5">
        {reason !== null && refusal.formMessage === null && (
          <Notice tone="plain" role="status">
            {t(reason === "ACCOUNT_DEACTIVATED" ? "signIn.deactivated" : "signIn.ended")}
          </Notice>
        )}
        <FormProblem message={refusal.formMessage} />
        <input type="hidden" name="redirectTo" value={redirectTo} />
        <TextField
          label={t("email")}
          name="email"
          type="email"
          autoComplete="username"
          required
          defaultValue={refusal.valueOf("email")}
          error={refusal.problemOf("email")}
        />
        <PasswordField
          label={t("password")}
          name="password"
          autoComplete="current-password"
          required
          error={refusal.problemOf("password")}
        />
        <Checkbox name="keep" label={t("keep")} defaultChecked />
        <Button type="submit" variant="primary" size="large" wide busy={isBusy}>
          {t("signIn.submit")}
        </Button>
      </Form>
    </>
  );
}
