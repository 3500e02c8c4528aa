import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useTranslations } from "use-intl";
import * as z from "zod";

import { Button } from "#app/components/ui/button.tsx";
import { PasswordField, TextField } from "#app/components/ui/field.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import { FormProblem } from "#app/features/account/form-problem.tsx";
import { asAppError } from "#app/lib/errors.ts";
import { useFormRefusal } from "#app/lib/forms.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { parseForm, refuseForm } from "#app/server/forms.server.ts";
import { placeToReturn } from "#app/server/safe-redirect.server.ts";
import { redirectWithToast } from "#app/server/toast.server.ts";
import { translate } from "#app/server/translator.server.ts";
import { redirectAccount } from "#app/server/visitor.server.ts";
import type { AppError } from "#convex/domain/errors.ts";

const vRegistration = z.object({
  firstName: z.string().trim().min(1).max(60),
  lastName: z.string().trim().min(1).max(60),
  email: z.string().trim().max(254).pipe(z.email()),
  password: z.string().min(1).max(1024),
});

type Field = keyof z.input<typeof vRegistration>;

export const meta: MetaFunction = () => [{ title: pageTitle(messages.auth.register.meta) }];

export async function loader(args: LoaderFunctionArgs) {
  const redirectTo = placeToReturn(new URL(args.request.url).searchParams);
  await redirectAccount(args, redirectTo);
  return { redirectTo };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const parsed = parseForm(form, vRegistration);
  if (!parsed.ok) return data(parsed.refusal, 400);
  try {
    await context.session.signIn({ flow: "signUp", ...parsed.value }, true);
  } catch (error) {
    return refuseForm(error, form, fieldOf);
  }
  const text = translate("auth.register.done", { name: parsed.value.firstName });
  return redirectWithToast(context, placeToReturn(form), { tone: "success", text });
}

export default function RegisterRoute() {
  const { redirectTo } = useLoaderData<typeof loader>();
  const actionData = useActionData<typeof action>();
  const refusal = useFormRefusal<Field>(actionData);
  // Whether the address has an account is told only to who knows its password.
  const isRefused = asAppError(actionData?.formProblem)?.code === "INVALID_CREDENTIALS";
  const isBusy = useNavigation().state !== "idle";
  const t = useTranslations("auth");
  const toSignIn = `/sign-in?${new URLSearchParams({ redirectTo }).toString()}`;
  const fieldProps = (name: Field) => ({
    name,
    required: true,
    defaultValue: refusal.valueOf(name),
    error: refusal.problemOf(name),
  });
  return (
    <>
      <h1 className="font-display text-display">{t("register.title")}</h1>
      <p className="mt-3 mb-8 text-ink-2">
        {t.rich("register.known", {
          link: (chunks) => <TextLink to={toSignIn}>{chunks}</TextLink>,
        })}
      </p>
      <Form ref={refusal.formRef} method="post" noValidate className="grid gap-4.5">
        <FormProblem message={isRefused ? t("register.refused") : refusal.formMessage} />
        <input type="hidden" name="redirectTo" value={redirectTo} />
        <div className="grid gap-4.5 sm:grid-cols-2">
          <TextField
            {...fieldProps("firstName")}
            label={t("firstName")}
            autoComplete="given-name"
          />
          <TextField {...fieldProps("lastName")} label={t("lastName")} autoComplete="family-name" />
        </div>
        <TextField
          {...fieldProps("email")}
          label={t("email")}
          type="email"
          autoComplete="username"
        />
        <PasswordField
          {...fieldProps("password")}
          label={t("password")}
          autoComplete="new-password"
          hint={t("register.passwordRule")}
        />
        <Button type="submit" variant="primary" size="large" wide busy={isBusy}>
          {t("register.submit")}
        </Button>
      </Form>
    </>
  );
}

function fieldOf(error: AppError): string | null {
  if (error.code === "WEAK_PASSWORD") return "password";
  if (error.code === "EMAIL_TAKEN") return "email";
  return error.code === "INVALID_INPUT" ? error.field : null;
}
