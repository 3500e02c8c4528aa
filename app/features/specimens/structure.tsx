import { House, Truck } from "lucide-react";

import { Accordion, AccordionItem } from "#app/components/ui/accordion.tsx";
import { Breadcrumbs } from "#app/components/ui/breadcrumbs.tsx";
import { Logo } from "#app/components/ui/logo.tsx";
import { PageSteps, Pagination } from "#app/components/ui/pagination.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { ProgressSteps } from "#app/components/ui/progress-steps.tsx";
import { Table } from "#app/components/ui/table.tsx";
import { Tabs } from "#app/components/ui/tabs.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import { Thumb, Tile, type Tint } from "#app/components/ui/tile.tsx";
import { Timeline, type TimelineStep } from "#app/components/ui/timeline.tsx";

import { Specimen, SpecimenSection } from "./specimen.tsx";

const here = "/dev/components";

const tints: readonly Tint[] = ["sand", "clay", "rose", "butter", "sage", "mist", "lilac", "stone"];

const steps: readonly TimelineStep[] = [
  {
    key: "placed",
    state: "done",
    title: "Order placed",
    detail: "4 pieces, €235.00",
    time: "14:20",
  },
  { key: "paid", state: "done", title: "Payment confirmed", detail: "PayPal", time: "14:21" },
  {
    key: "sent",
    state: "now",
    title: "On its way",
    detail: "Left at 08:05",
    icon: Truck,
    time: "08:05",
  },
  { key: "home", state: "todo", title: "Delivered", detail: "Griffenfeldsgade 41", icon: House },
];

const failedSteps: readonly TimelineStep[] = [
  { key: "placed", state: "done", title: "Order placed", time: "14:20" },
  { key: "failed", state: "failed", title: "Payment declined", time: "14:22" },
];

const teapot = {
  url: "/demo/images/ember-stoneware-teapot.webp",
  alt: "A blue stoneware teapot",
  width: 1000,
  height: 1000,
};

export function NavigationSpecimens() {
  return (
    <SpecimenSection title="Navigation">
      <Specimen name="Logo">
        <Logo to={here} />
      </Specimen>
      <Specimen name="Breadcrumbs">
        <Breadcrumbs
          crumbs={[
            { label: "Home", to: here },
            { label: "Kitchen", to: here },
            { label: "Teapot" },
          ]}
        />
      </Specimen>
      <Specimen name="Pagination">
        <Pagination page={2} pageCount={9} pageTo={(page) => `${here}?page=${page}`} />
        <PageSteps previous={null} next={here} />
      </Specimen>
      <Specimen name="Checkout steps" wide>
        <ProgressSteps
          label="Checkout"
          steps={[
            { key: "address", label: "Address", state: "done", to: here },
            { key: "delivery", label: "Delivery", state: "done", to: here },
            { key: "payment", label: "Payment", state: "now" },
            { key: "done", label: "Done", state: "todo" },
          ]}
        />
      </Specimen>
      <Specimen name="Tabs" wide>
        <Tabs
          label="Product"
          tabs={[
            { key: "details", label: "Details", panel: <p className="py-4">Stoneware, 1.1 l</p> },
            { key: "delivery", label: "Delivery", panel: <p className="py-4">Two to four days</p> },
            {
              key: "reviews",
              label: "Reviews",
              count: 327,
              panel: <p className="py-4">4.8 of 5</p>,
            },
          ]}
        />
      </Specimen>
      <Specimen name="Accordion" wide>
        <Accordion>
          <AccordionItem title="Details" open>
            Stoneware, 1.1 litres.
          </AccordionItem>
          <AccordionItem title="Delivery and returns">Two to four working days.</AccordionItem>
        </Accordion>
      </Specimen>
    </SpecimenSection>
  );
}

export function DataSpecimens() {
  return (
    <SpecimenSection title="Data">
      <Specimen name="Tiles" wide>
        <div className="grid grid-cols-2 gap-3 md:grid-cols-4 lg:grid-cols-8">
          {tints.map((tint) => (
            <Tile
              key={tint}
              tint={tint}
              picture={teapot}
              sizes="120px"
              decorative
              className="aspect-square rounded-lg"
            />
          ))}
        </div>
      </Specimen>
      <Specimen name="Order timeline" wide>
        <div className="grid gap-5 lg:grid-cols-2">
          <Panel title="Order" headingLevel="h3">
            <Timeline steps={steps} />
          </Panel>
          <Panel title="Small, and failed" headingLevel="h3">
            <Timeline steps={failedSteps} small />
          </Panel>
        </div>
      </Specimen>
      <Specimen name="Table" wide>
        <Panel title="Selling today" headingLevel="h3" flush>
          <Table
            caption="Products that sell today"
            rowKey={(row) => row.name}
            rows={[
              { name: "Ember teapot", sold: 14, revenue: "€266", stock: 2 },
              { name: "Pan No. 26", sold: 6, revenue: "€534", stock: 9 },
            ]}
            columns={[
              {
                key: "name",
                header: "Product",
                cell: (row) => (
                  <span className="flex items-center gap-3 font-semibold">
                    <Thumb tint="mist" picture={teapot} size={36} />
                    <TextLink
                      to={here}
                      className="row-link no-underline after:absolute after:inset-0"
                    >
                      {row.name}
                    </TextLink>
                  </span>
                ),
              },
              { key: "sold", header: "Sold", numeric: true, wide: true, cell: (row) => row.sold },
              { key: "revenue", header: "Revenue", numeric: true, cell: (row) => row.revenue },
              { key: "stock", header: "Stock", numeric: true, cell: (row) => row.stock },
            ]}
          />
        </Panel>
      </Specimen>
    </SpecimenSection>
  );
}
