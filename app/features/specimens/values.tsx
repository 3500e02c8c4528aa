import { useState } from "react";

import { Avatar } from "#app/components/ui/avatar.tsx";
import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { LiveDot } from "#app/components/ui/live-dot.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { Rating, RatingDistribution, RatingStars } from "#app/components/ui/rating.tsx";
import { StatTile, StatTiles } from "#app/components/ui/stat-tile.tsx";
import { StockLabel } from "#app/components/ui/stock-label.tsx";
import { SummaryList, SummaryRow } from "#app/components/ui/summary-list.tsx";

import { Specimen, SpecimenSection } from "./specimen.tsx";

export function StatusSpecimens() {
  return (
    <SpecimenSection title="Status">
      <Specimen name="Neutral">
        <Badge>Refunded</Badge>
      </Specimen>
      <Specimen name="Accent">
        <Badge tone="accent">On its way</Badge>
      </Specimen>
      <Specimen name="Success">
        <Badge tone="success">Delivered</Badge>
      </Specimen>
      <Specimen name="Warning">
        <Badge tone="warning">Check</Badge>
      </Specimen>
      <Specimen name="Danger">
        <Badge tone="danger">Failed</Badge>
      </Specimen>
      <Specimen name="Offer">
        <Badge tone="ink">−20%</Badge>
      </Specimen>
      <Specimen name="On a tile">
        <span className="rounded-lg bg-tint-rose p-3">
          <Badge tone="paper">New</Badge>
        </span>
      </Specimen>
      <Specimen name="Stock">
        <div className="flex flex-wrap gap-5">
          <StockLabel stock={{ state: "in", available: 12 }} />
          <StockLabel stock={{ state: "low", available: 2 }} />
          <StockLabel stock={{ state: "out", available: 0 }} />
        </div>
      </Specimen>
      <Specimen name="Live dot">
        <div className="flex items-center gap-4 text-sm">
          <span className="flex items-center gap-2">
            <LiveDot state="live" pulse /> Live
          </span>
          <span className="flex items-center gap-2">
            <LiveDot state="away" /> Away
          </span>
          <span className="flex items-center gap-2">
            <LiveDot state="off" /> Off
          </span>
        </div>
      </Specimen>
      <Specimen name="Presence">
        <div className="flex gap-3">
          <Avatar name="Noor Aydin" tint="clay" presence="live" />
          <Avatar name="Tomas Lund" tint="sage" presence="away" />
          <Avatar name="Ines Olsen" tint="mist" presence="off" />
          <Avatar name="Hedda Brandt" tint="butter" size="large" />
          <Avatar name="Maja" size="small" />
        </div>
      </Specimen>
    </SpecimenSection>
  );
}

export function LiveValueSpecimens() {
  const [amount, setAmount] = useState(2400);
  return (
    <SpecimenSection title="Live value">
      <Specimen name="Highlighted for 1.8 s when it changes">
        <div className="flex items-center gap-5">
          <Price large price={{ amount, currency: "EUR" }} />
          <Button
            size="small"
            onClick={() => {
              setAmount(amount === 2400 ? 1900 : 2400);
            }}
          >
            Change the price
          </Button>
        </div>
      </Specimen>
      <Specimen name="Price, offer">
        <Price
          price={{ amount: 7800, currency: "EUR" }}
          compareAt={{ amount: 9800, currency: "EUR" }}
          className="text-lg"
        />
      </Specimen>
      <Specimen name="Price, from">
        <Price price={{ amount: 1900, currency: "EUR" }} from className="text-lg" />
      </Specimen>
      <Specimen name="Price, exact">
        <Price price={{ amount: 23500, currency: "EUR" }} exact className="text-lg" />
      </Specimen>
      <Specimen name="Rating">
        <Rating average={4.8} count={327} />
      </Specimen>
      <Specimen name="Rating, in words">
        <Rating average={4.8} count={327} withWord />
      </Specimen>
      <Specimen name="Stars given">
        <RatingStars stars={4} />
      </Specimen>
      <Specimen name="Distribution">
        <div className="w-80 max-w-full">
          <RatingDistribution
            distribution={[
              { stars: 5, count: 265 },
              { stars: 4, count: 43 },
              { stars: 3, count: 12 },
              { stars: 2, count: 5 },
              { stars: 1, count: 2 },
            ]}
          />
        </div>
      </Specimen>
      <Specimen name="Sums">
        <div className="w-80 max-w-full">
          <SummaryList>
            <SummaryRow label="Items">€235.00</SummaryRow>
            <SummaryRow label="Delivery">Free</SummaryRow>
            <SummaryRow label="Total" total>
              €235.00
            </SummaryRow>
          </SummaryList>
        </div>
      </Specimen>
      <Specimen name="Stat tiles" wide>
        <StatTiles>
          <StatTile
            label="Revenue today"
            value={3786}
            shown="€3,786"
            trend={[2, 3, 3, 4, 6, 5, 7, 9]}
            comparison="+12.4% on last Sunday"
          />
          <StatTile
            label="Orders"
            value={41}
            shown="41"
            trend={[1, 2, 4, 3, 5, 6]}
            comparison="One came in 9 s ago"
          />
          <StatTile
            label={
              <>
                <LiveDot state="live" /> In the shop now
              </>
            }
            value={38}
            shown="38"
            comparison="12 with something in the cart"
          />
          <StatTile label="First reply" value="0:40" shown="0:40" trend={[9, 7, 8, 5, 4, 3]} />
        </StatTiles>
      </Specimen>
    </SpecimenSection>
  );
}
