# Moments of imputed values that mice draws for one incomplete column: Bayesian normal regression
# (norm), and the two-level normal model with random class intercepts (2l.pan).
# Run in this folder: Rscript imputation.R
library(mice)
library(jsonlite)

set.seed(20261105)
classes <- 120
size <- 5
n <- classes * size
students <- data.frame(
  id = sprintf("s%03d", seq_len(n)),
  class = rep(sprintf("c%03d", seq_len(classes)), each = size),
  treated = rep(rep(0:1, each = size), length.out = n),
  pre = round(rnorm(n, 50, 10), 4)
)
students$post <- round(
  10 + 0.8 * students$pre + 3 * students$treated +
    rep(rnorm(classes, 0, 4), each = size) + rnorm(n, 0, 6), 4
)
lost <- runif(n) < plogis(-2.2 - 0.08 * (students$pre - 50))
students$post[lost] <- NA
students$post[students$class == "c007"] <- NA
write.csv(students, "imputation_students.csv", row.names = FALSE)

known <- !is.na(students$post)
x <- as.matrix(students[, c("treated", "pre")])
moments <- function(draws) {
  list(
    draws = ncol(draws),
    mean = as.list(setNames(rowMeans(draws), students$id[!known])),
    sd = as.list(setNames(apply(draws, 1, sd), students$id[!known]))
  )
}
norm <- replicate(20000, mice.impute.norm(students$post, known, x)[, 1])
two_level <- cbind(class = as.numeric(factor(students$class)), x)
pan <- replicate(4000, suppressWarnings(as.numeric(mice.impute.2l.pan(
  students$post, known, two_level, type = c(-2, 1, 1), paniter = 100
))))
write_json(
  list(
    R = R.version.string, mice = as.character(packageVersion("mice")),
    pan = as.character(packageVersion("pan")),
    norm = moments(norm), two_level = moments(pan)
  ),
  "imputation.json", auto_unbox = TRUE, digits = 8
)
