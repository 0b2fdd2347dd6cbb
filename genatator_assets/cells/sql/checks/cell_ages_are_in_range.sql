-- Ages are from 0 to 130 years, within their bounds, and 12 months are a year.
select dataset, cell_id, age, age_months, age_low, age_high
from cells
where age not between 0 and 130 or age_high <= age_low or abs(age_months - 12 * age) > 0.001
    or (age_reason is null and (age < age_low or age >= age_high))
order by all
